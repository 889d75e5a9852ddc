//! Who gets a claim, and when it ends.

use crate::{
    lists::wrong,
    mistake::{Mistake, bound, no_transaction, sql},
};

pub(super) fn claiming() -> Vec<Mistake> {
    vec![
        sql(
            "a claim is held at its end",
            "claim_look",
            "claimed_until > ?3",
            "claimed_until >= ?3",
        )
        .found_by(
            "k12_a_claim_expires_by_the_callers_clock",
            &["a claim on an unclaimed record", "returned Held"],
        ),
        sql(
            "a claim never ends",
            "claim_look",
            "claimed_until > ?3",
            "claimed_until IS NOT NULL",
        )
        .found_by(
            "k12_a_claim_expires_by_the_callers_clock",
            &["a claim on an unclaimed record", "returned Held"],
        ),
        sql("a claim is never held", "claim_look", "claimed_until > ?3", "0")
            .found_by("k10_creating_never_overwrites", &["the claim after it"]),
        sql(
            "a claim ends by the engine's clock",
            "claim_look",
            "claimed_until > ?3",
            "claimed_until > unixepoch() * 1000000",
        )
        .found_by("k12_a_claim_expires_by_the_callers_clock", &["clock"]),
        sql(
            "a claim ignores the version",
            "claim_look",
            " AND version = ?2",
            "",
        )
        .found_by(
            "k12_a_claim_needs_the_version_that_was_read",
            &["a claim on a version that was replaced"],
        ),
        sql(
            "a claim takes later versions",
            "claim_look",
            "version = ?2",
            "version <= ?2",
        )
        .found_by(
            "k12_a_claim_needs_the_version_that_was_read",
            &["a claim on a version that was replaced"],
        ),
        sql(
            "a claim tells a wrong end",
            "claim_look",
            "SELECT claimed_until,",
            "SELECT ?3 AS claimed_until,",
        )
        .found_by("k12_a_claim_is_exclusive", &["the column \"held\" has"]),
        sql(
            "a claim of the whole event",
            "claim",
            "WHERE key = ?1",
            "WHERE event_id = (SELECT event_id FROM connections WHERE key = ?1)",
        )
        .found_by(
            "k12_claims_on_different_keys_are_independent",
            &["whether an earlier claim was abandoned"],
        ),
        no_transaction("a claim without a transaction", "claim").found_by(
            "k12_of_many_claimants_one_wins",
            &["exactly one claimant has to win"],
        ),
        bound("a claim ends at a whole second", "claim", 3, wrong::as_seconds)
            .found_by("k12_a_claim_is_exclusive", &["a second claim at"]),
        sql(
            "a claim changes the version",
            "claim",
            "SET fence = ?2",
            "SET version = version + 1, fence = ?2",
        )
        .found_by("k10_creating_never_overwrites", &["version"]),
        sql(
            "a claim is never abandoned",
            "claim",
            "abandoned = claimed_until IS NOT NULL OR abandoned",
            "abandoned = 0",
        )
        .found_by(
            "k12_fences_grow_also_over_a_removal",
            &["whether an earlier claim was abandoned"],
        ),
        sql(
            "a claim is always abandoned",
            "claim",
            "abandoned = claimed_until IS NOT NULL OR abandoned",
            "abandoned = 1",
        )
        .found_by(
            "k12_a_claim_is_exclusive",
            &["whether the first claim follows an abandoned one"],
        ),
        sql(
            "only the claim before counts as abandoned",
            "claim",
            " OR abandoned",
            "",
        )
        .found_by(
            "t1_a_successors_release_does_not_hide_it",
            &["an abandoned claim", "after its successor was released"],
        ),
        sql("fences are versions", "claim", "fence = ?2", "fence = version")
            .found_by("k12_only_its_holder_releases_a_claim", &["after a release with"]),
        sql(
            "fences begin again after a release",
            "claim",
            "fence = ?2",
            "fence = coalesce(fence, 0) + 1",
        )
        .found_by(
            "k12_a_fenced_swap_needs_the_latest_claim",
            &["a swap with the claim before the latest"],
        ),
        sql(
            "fences and versions are the time",
            "number",
            "RETURNING last",
            "RETURNING unixepoch() AS last",
        )
        .found_by("k11_a_stale_version_changes_nothing", &["a swap of"]),
    ]
}
