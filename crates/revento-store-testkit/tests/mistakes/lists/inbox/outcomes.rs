//! Who finishes a delivery, and what is left of it.

use crate::{
    lists::wrong,
    mistake::{Mistake, bound, sql},
};

pub(super) fn outcomes() -> Vec<Mistake> {
    vec![
        sql("any lease completes", "complete", " AND fence = ?2", "").found_by(
            "q3_a_lost_lease_changes_nothing",
            &["the answer to completing with a lost lease"],
        ),
        sql(
            "an older lease completes",
            "complete",
            "fence = ?2",
            "fence >= ?2",
        )
        .found_by(
            "q3_a_lost_lease_changes_nothing",
            &["the answer to completing with a lost lease"],
        ),
        sql("a newer lease completes", "complete", "fence = ?2", "fence <= ?2").found_by(
            "q3_a_lost_lease_changes_nothing",
            &["the answer to completing with a lost lease"],
        ),
        sql("a lease completes twice", "complete", "state = 'leased' AND ", "").found_by(
            "q3_a_lost_lease_changes_nothing",
            &["the answer to a lease that was used up"],
        ),
        sql(
            "any delivery is completed",
            "complete",
            "envelope_id = ?1 AND ",
            "",
        )
        .found_by(
            "q3_a_lost_lease_changes_nothing",
            &["the answer to completing with a lost lease"],
        ),
        sql(
            "nobody counts what is completed",
            "complete",
            "envelope_id = ?1",
            "envelope_id = ?1 AND 1",
        )
        .and_not_counted("complete")
        .found_by(
            "q3_a_lost_lease_changes_nothing",
            &["the answer to completing with a lost lease"],
        ),
        sql(
            "an expired lease does not complete",
            "complete",
            "fence = ?2",
            "fence = ?2 AND at > ?3",
        )
        .found_by(
            "q3_a_lost_lease_changes_nothing",
            &["the answer to completing late, but first"],
        ),
        sql(
            "a completed delivery keeps its body",
            "complete",
            "body = x'', ",
            "",
        )
        .found_by(
            "q18_nothing_of_a_wiped_body_is_at_rest",
            &["the body of the handled delivery is gone"],
        ),
        sql("a completed delivery has no time", "complete", "at = ?3, ", "").found_by(
            "q12_only_what_was_handled_long_ago_is_forgotten",
            &["how many were handled before the second was"],
        ),
        sql(
            "a completed delivery is gone",
            "complete",
            "UPDATE deliveries SET state = 'done', at = ?3, body = x'', error = ''",
            "DELETE FROM deliveries",
        )
        .and_sql("complete", "fence = ?2", "fence = ?2 AND ?3 = ?3")
        .found_by("q10_a_handled_delivery_is_handled", &["the state of"]),
        sql(
            "a completed delivery loses its digest",
            "complete",
            "error = ''",
            "error = '', digest = x''",
        )
        .found_by("q1_an_envelope_is_queued_once", &["a retry after it was handled"]),
        sql("any lease retries", "retry", " AND fence = ?2", "").found_by(
            "q3_a_lost_lease_changes_nothing",
            &["the answer to giving back with a lost lease"],
        ),
        sql("a lease retries twice", "retry", "state = 'leased' AND ", "").found_by(
            "q3_a_lost_lease_changes_nothing",
            &["the answer to a lease that was used up"],
        ),
        sql(
            "nobody counts what is retried",
            "retry",
            "envelope_id = ?1",
            "envelope_id = ?1 AND 1",
        )
        .and_not_counted("retry")
        .found_by(
            "q3_a_lost_lease_changes_nothing",
            &["the answer to giving back with a lost lease"],
        ),
        sql("a retry is due at once", "retry", "at = ?3", "at = received_at")
            .found_by("q8_a_retry_waits_for_its_time", &["just before its time"]),
        sql(
            "a retry begins to count again",
            "retry",
            "error = ?4",
            "error = ?4, attempts = 0",
        )
        .found_by("q20_attempts_are_counted_from_the_queueing", &["the attempt"]),
        sql(
            "a retry does not count",
            "retry",
            "error = ?4",
            "error = ?4, attempts = attempts - 1",
        )
        .found_by("q20_attempts_are_counted_from_the_queueing", &["the attempt"]),
        sql(
            "a retry goes to the end of its key",
            "retry",
            "error = ?4",
            "error = ?4, arrival = (SELECT max(arrival) + 1 FROM deliveries)",
        )
        .found_by(
            "q14_a_retry_holds_its_place",
            &["while the first waits for its time"],
        ),
        sql(
            "a retry forgets the single attempt",
            "retry",
            "error = ?4",
            "error = ?4, single_attempt = 0",
        )
        .found_by(
            "h30_a_requeue_says_how_many_attempts_follow",
            &["whether a delivery has one attempt after a requeue for Single"],
        ),
        sql(
            "a retry loses the body",
            "retry",
            "error = ?4",
            "error = ?4, body = x''",
        )
        .found_by("k8_odd_deliveries_survive", &["the size of the body"]),
        sql("a retry of any delivery", "retry", "envelope_id = ?1 AND ", "").found_by(
            "q3_a_lost_lease_changes_nothing",
            &["the answer to giving back with a lost lease"],
        ),
        bound("a retry is due at a whole second", "retry", 3, wrong::as_seconds)
            .found_by("q8_a_retry_waits_for_its_time", &["just before its time"]),
        sql("any lease buries", "bury", " AND fence = ?2", "").found_by(
            "q3_a_lost_lease_changes_nothing",
            &["the answer to burying with a lost lease"],
        ),
        sql("a lease buries twice", "bury", "state = 'leased' AND ", "").found_by(
            "q3_a_lost_lease_changes_nothing",
            &["the answer to a lease that was used up"],
        ),
        sql(
            "nobody counts what is buried",
            "bury",
            "envelope_id = ?1",
            "envelope_id = ?1 AND 1",
        )
        .and_not_counted("bury")
        .found_by(
            "q3_a_lost_lease_changes_nothing",
            &["the answer to burying with a lost lease"],
        ),
        sql(
            "the time of a burial is that of the arrival",
            "bury",
            "at = ?3",
            "at = received_at",
        )
        .found_by(
            "h8_an_attempt_signed_before_the_burial_queues_nothing",
            &["an attempt that was signed when it was buried"],
        ),
        sql(
            "the first error stays",
            "bury",
            "error = ?4",
            "error = iif(error = '', ?4, error)",
        )
        .found_by("q4_the_last_cause_and_all_attempts_are_listed", &["error"]),
        sql(
            "a burial forgets its error",
            "bury",
            "error = ?4",
            "error = error",
        )
        .found_by("q4_what_is_buried_is_listed", &["error"]),
        sql(
            "a burial loses the body",
            "bury",
            "error = ?4",
            "error = ?4, body = x''",
        )
        .found_by("q18_only_what_was_buried_long_ago_is_expunged", &["its body"]),
        sql(
            "a burial begins to count again",
            "bury",
            "error = ?4",
            "error = ?4, attempts = 0",
        )
        .found_by("q4_what_is_buried_is_listed", &["attempts"]),
        bound("a burial in whole seconds", "bury", 3, wrong::as_seconds).found_by(
            "h8_an_attempt_signed_before_the_burial_queues_nothing",
            &["an attempt that was signed when it was buried"],
        ),
    ]
}
