//! What a removal leaves, and what else it removes.

use crate::mistake::{Mistake, sql};

pub(super) fn removing() -> Vec<Mistake> {
    vec![
        sql(
            "removing keeps the row",
            "remove",
            "DELETE FROM connections",
            "UPDATE connections SET live = 0, tokens = NULL",
        )
        .found_by("k4_removing_is_final_and_repeatable", &["a removed record"]),
        sql("removing by pattern", "remove", "key = ?1", "key LIKE ?1")
            .found_by("k8_no_call_touches_a_key_that_looks_alike", &["remove"]),
        sql(
            "removing an installation removes the users",
            "remove",
            "key = ?1",
            "key = ?1 OR key LIKE ?1 || '/%'",
        )
        .found_by("k8_no_call_touches_a_key_that_looks_alike", &["remove"]),
        sql(
            "removing everything of the event",
            "remove",
            "key = ?1",
            "event_id = (SELECT event_id FROM connections WHERE key = ?1)",
        )
        .found_by(
            "k6_an_event_has_exactly_its_records",
            &["was stored but the store does not find it"],
        ),
        sql(
            "removing live ones only",
            "remove",
            "key = ?1",
            "key = ?1 AND live",
        )
        .found_by(
            "k4_removing_is_final_and_repeatable",
            &["k4_removing_is_final_and_repeatable an ended connection after it was removed"],
        ),
        sql(
            "removing unclaimed ones only",
            "remove",
            "key = ?1",
            "key = ?1 AND fence IS NULL",
        )
        .found_by(
            "k12_a_claim_needs_the_version_that_was_read",
            &["a claim on a removed record"],
        ),
    ]
}
