//! What a swap compares, and what it keeps.

use crate::mistake::{Mistake, no_transaction, sql};

pub(super) fn swapping() -> Vec<Mistake> {
    vec![
        sql("a swap ignores the version", "swap_look", " AND version = ?2", "")
            .found_by("k11_a_stale_version_changes_nothing", &["a swap of"]),
        sql(
            "a swap takes later versions",
            "swap_look",
            "version = ?2",
            "version >= ?2",
        )
        .found_by("k11_a_stale_version_changes_nothing", &["a swap of"]),
        sql(
            "a swap takes earlier versions",
            "swap_look",
            "version = ?2",
            "version <= ?2",
        )
        .found_by("k11_a_stale_version_changes_nothing", &["a swap of"]),
        sql(
            "a swap ignores the fence",
            "swap_look",
            " AND (?3 IS NULL OR fence = ?3)",
            "",
        )
        .found_by(
            "k12_a_fenced_swap_needs_the_latest_claim",
            &["a fenced swap where nothing was ever claimed"],
        ),
        sql(
            "a swap needs a fence",
            "swap_look",
            "(?3 IS NULL OR fence = ?3)",
            "fence = ?3",
        )
        .found_by(
            "k1_every_status_and_reason_survives",
            &["a swap of the current version", "returned Conflict"],
        ),
        sql(
            "a swap compares a fence that is NULL",
            "swap_look",
            "(?3 IS NULL OR fence = ?3)",
            "fence IS ?3",
        )
        .found_by(
            "k12_an_unfenced_swap_leaves_a_claim",
            &["a swap of the current version", "returned Conflict"],
        ),
        sql(
            "a swap takes later fences",
            "swap_look",
            "fence = ?3)",
            "fence <= ?3)",
        )
        .found_by(
            "k12_a_fenced_swap_needs_the_latest_claim",
            &["a swap with a fence of the future"],
        ),
        sql(
            "a swap takes earlier fences",
            "swap_look",
            "fence = ?3)",
            "fence >= ?3)",
        )
        .found_by(
            "k12_a_fenced_swap_needs_the_latest_claim",
            &["a swap with the claim before the latest"],
        ),
        sql(
            "a swap takes fences where no claim is",
            "swap_look",
            "fence = ?3)",
            "coalesce(fence, ?3) = ?3)",
        )
        .found_by(
            "k12_a_fenced_swap_needs_the_latest_claim",
            &["a fenced swap where nothing was ever claimed"],
        ),
        sql(
            "a swap refuses an expired claim by its own clock",
            "swap_look",
            "fence = ?3)",
            "fence = ?3 AND claimed_until > unixepoch() * 1000000)",
        )
        .found_by(
            "k12_a_fenced_swap_needs_the_latest_claim",
            &["a swap of the current version", "returned Conflict"],
        ),
        no_transaction("a swap without a transaction", "swap").found_by(
            "k11_of_many_swaps_one_wins",
            &["exactly one swap of a version has to win"],
        ),
        sql(
            "a swap keeps the version",
            "swap",
            "version = ?18",
            "version = version",
        )
        .found_by("k11_a_stale_version_changes_nothing", &["a swap of"]),
        sql(
            "a swap of an event",
            "swap",
            "WHERE key = ?1",
            "WHERE client_id = ?2 AND event_id = ?3",
        )
        .found_by("k11_a_swap_touches_one_key", &["version"]),
        sql(
            "a swap keeps the organization if there is none",
            "swap",
            "organization_id = ?5",
            "organization_id = coalesce(?5, organization_id)",
        )
        .found_by("k2_a_swap_replaces_every_field", &["organization_id"]),
        sql(
            "a swap keeps the reason if there is none",
            "swap",
            "reason = ?7",
            "reason = coalesce(?7, reason)",
        )
        .found_by("k1_every_status_and_reason_survives", &["reason"]),
        sql(
            "a swap keeps the deadline if there is none",
            "swap",
            "delete_by = ?9",
            "delete_by = coalesce(?9, delete_by)",
        )
        .found_by("k2_a_swap_replaces_every_field", &["delete_by"]),
        sql(
            "a swap keeps the tokens if there are none",
            "swap",
            "tokens = ?17",
            "tokens = coalesce(?17, tokens)",
        )
        .found_by("k2_a_swap_replaces_every_field", &["tokens"]),
        sql(
            "a swap forgets the status time",
            "swap",
            "status_since = ?8",
            "status_since = status_since",
        )
        .found_by("k2_a_swap_replaces_every_field", &["status_since"]),
        sql(
            "a swap forgets the scopes",
            "swap",
            "scopes = ?10",
            "scopes = scopes",
        )
        .found_by("k2_a_swap_replaces_every_field", &["in scopes"]),
        sql(
            "a swap forgets the generation",
            "swap",
            "generation = ?11, consented_at",
            "consented_at",
        )
        .found_by("k2_a_swap_replaces_every_field", &["generation"]),
        sql(
            "a swap forgets the time of the consent",
            "swap",
            "consented_at = ?12, ",
            "",
        )
        .found_by("k2_a_swap_replaces_every_field", &["consented_at"]),
        sql(
            "a swap forgets the end of the consent",
            "swap",
            "consent_expires_at = ?15, ",
            "",
        )
        .found_by("k2_a_swap_replaces_every_field", &["consent_expires_at"]),
        sql(
            "a swap forgets whether the connection is live",
            "swap",
            "live = ?16, ",
            "",
        )
        .found_by("t7_due_follows_every_change", &["after its end"]),
        sql(
            "a swap exchanges two times",
            "swap",
            "access_expires_at = ?13",
            "access_expires_at = ?14",
        )
        .found_by("k1_every_status_and_reason_survives", &["access_expires_at"]),
        // `REPLACE INTO` deletes the row, and the claim with it.
        sql(
            "a swap by REPLACE",
            "swap",
            "fence = iif(?19 IS NULL AND generation = ?11, fence, NULL)",
            "fence = NULL",
        )
        .and_sql(
            "swap",
            "claimed_until = iif(?19 IS NULL AND generation = ?11, claimed_until, NULL)",
            "claimed_until = NULL",
        )
        .found_by(
            "k12_an_unfenced_swap_leaves_a_claim",
            &["the claim after an unfenced swap"],
        ),
        // MySQL sees the new generation on the right of a later `=`.
        sql(
            "a new generation keeps the claim",
            "swap",
            "fence = iif(?19 IS NULL AND generation = ?11,",
            "fence = iif(?19 IS NULL,",
        )
        .and_sql(
            "swap",
            "claimed_until = iif(?19 IS NULL AND generation = ?11,",
            "claimed_until = iif(?19 IS NULL,",
        )
        .found_by(
            "k12_a_new_generation_ends_every_claim",
            &["a swap with a claim on the generation before"],
        ),
        sql(
            "a new generation keeps that a claim was abandoned",
            "swap",
            "abandoned = iif(?19 IS NULL AND generation = ?11,",
            "abandoned = iif(?19 IS NULL,",
        )
        .found_by(
            "k12_a_new_generation_ends_every_claim",
            &["whether a claim on the generation before counts as abandoned"],
        ),
        sql(
            "a fenced swap keeps the claim",
            "swap",
            "fence = iif(?19 IS NULL AND generation = ?11,",
            "fence = iif(generation = ?11,",
        )
        .and_sql(
            "swap",
            "claimed_until = iif(?19 IS NULL AND generation = ?11,",
            "claimed_until = iif(generation = ?11,",
        )
        .found_by(
            "k12_a_fenced_swap_ends_the_claim",
            &["a second swap with the same fence"],
        ),
        sql(
            "a fenced swap keeps that a claim was abandoned",
            "swap",
            "abandoned = iif(?19 IS NULL AND generation = ?11,",
            "abandoned = iif(generation = ?11,",
        )
        .found_by(
            "t1_what_ended_in_order_is_not_abandoned",
            &["whether a claim counts as abandoned after the fenced swap"],
        ),
        sql(
            "each swap hides an abandoned claim",
            "swap",
            "abandoned = iif(?19 IS NULL AND generation = ?11, abandoned, 0)",
            "abandoned = 0",
        )
        .found_by(
            "t1_an_unfenced_swap_does_not_hide_it",
            &["an abandoned claim", "after an unfenced swap"],
        ),
    ]
}
