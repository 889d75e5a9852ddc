//! What an operator queues again.

use crate::mistake::{Mistake, no_transaction, sql};

pub(super) fn requeueing() -> Vec<Mistake> {
    vec![
        sql(
            "anything is requeued",
            "requeue_look",
            " AND state = 'buried'",
            "",
        )
        .found_by(
            "q9_only_what_is_buried_is_requeued",
            &["a requeue of a delivery in the state queued"],
        ),
        sql(
            "what is handled is requeued",
            "requeue_look",
            "state = 'buried'",
            "state IN ('buried', 'done')",
        )
        .found_by(
            "q9_only_what_is_buried_is_requeued",
            &["a requeue of a delivery in the state done"],
        ),
        sql(
            "what is leased is requeued",
            "requeue_look",
            "state = 'buried'",
            "state IN ('buried', 'leased')",
        )
        .found_by(
            "q9_only_what_is_buried_is_requeued",
            &["a requeue of a delivery in the state leased"],
        ),
        sql(
            "an expunged one is requeued",
            "requeue_look",
            "SELECT expunged",
            "SELECT 0 AS expunged",
        )
        .found_by(
            "q18_what_is_expunged_cannot_be_requeued",
            &["a requeue of an expunged delivery"],
        ),
        sql(
            "an expunged one is not known",
            "requeue_look",
            "state = 'buried'",
            "state = 'buried' AND NOT expunged",
        )
        .found_by(
            "q18_what_is_expunged_cannot_be_requeued",
            &["a requeue of an expunged delivery"],
        ),
        sql("a requeue keeps the attempts", "requeue", "attempts = 0, ", "")
            .found_by("q20_attempts_are_counted_from_the_queueing", &["the attempt"]),
        sql("a requeue keeps its place", "requeue", "arrival = ?3, ", "").found_by(
            "q14_a_requeued_delivery_arrives_anew",
            &["while one of the key is handled"],
        ),
        sql(
            "a requeue is always for one attempt",
            "requeue",
            "single_attempt = ?4",
            "single_attempt = 1",
        )
        .found_by(
            "h30_a_requeue_says_how_many_attempts_follow",
            &["whether a delivery has one attempt after a requeue for Full"],
        ),
        sql(
            "a requeue is never for one attempt",
            "requeue",
            "single_attempt = ?4",
            "single_attempt = 0",
        )
        .found_by(
            "h30_a_requeue_says_how_many_attempts_follow",
            &["whether a delivery has one attempt after a requeue for Single"],
        ),
        sql(
            "a requeue stays for one attempt",
            "requeue",
            "single_attempt = ?4",
            "single_attempt = single_attempt OR ?4",
        )
        .found_by(
            "h30_a_requeue_says_how_many_attempts_follow",
            &["whether a delivery has one attempt after a requeue for Full"],
        ),
        sql("a requeue is due when it was buried", "requeue", "at = ?2, ", "").found_by(
            "q4_a_buried_delivery_waits_for_somebody",
            &["a lease before the requeue"],
        ),
        sql(
            "a requeue of everything",
            "requeue",
            "WHERE envelope_id = ?1",
            "WHERE state = 'buried'",
        )
        .found_by("q14_a_requeued_delivery_arrives_anew", &["the next of the key"]),
        sql(
            "a requeue in any case",
            "requeue_look",
            "envelope_id = ?1",
            "envelope_id LIKE ?1",
        )
        .and_sql("requeue", "envelope_id = ?1", "envelope_id LIKE ?1")
        .found_by(
            "k8_no_call_touches_a_delivery_that_looks_alike",
            &["the state of \"A\" after requeue with other ids"],
        ),
        no_transaction("requeueing without a transaction", "requeue").found_by(
            "q9_of_many_replays_and_requeues_one_queues",
            &["how many simultaneous replays and requeues"],
        ),
    ]
}
