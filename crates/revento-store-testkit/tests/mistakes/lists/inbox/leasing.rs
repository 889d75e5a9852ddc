//! What is due, in which order, and until when it is leased.

use crate::{
    lists::wrong,
    mistake::{Mistake, bound, no_transaction, sql},
};

pub(super) fn leasing() -> Vec<Mistake> {
    vec![
        no_transaction("leasing without a transaction", "lease").found_by("q8_no_delivery_is_leased_twice_at_once", &["env_0 is leased once"]),
        sql("a delivery is due behind its time", "lease_look", "at <= ?1", "at < ?1").found_by("q1_a_delivery_comes_out_as_it_went_in", &["no delivery could be leased at"]),
        sql("a delivery is due by the engine's clock", "lease_look", "at <= ?1", "at <= unixepoch() * 1000000").found_by("k22_leases_go_by_the_callers_clock", &["clock"]),
        sql("a delivery is always due", "lease_look", " AND at <= ?1", "").found_by("q1_an_envelope_is_queued_once", &["a second lease"]),
        sql("an expired lease is not taken over", "lease_look", "WHERE state IN ('queued', 'leased') AND at", "WHERE state IN ('queued') AND at").found_by("q3_a_lease_runs_out_and_is_taken_over", &["no delivery could be leased at"]),
        sql("a buried delivery is leased", "lease_look", "WHERE state IN ('queued', 'leased') AND at", "WHERE state <> 'done' AND at").found_by("h8_an_attempt_signed_before_the_burial_queues_nothing", &["a lease much later"]),
        sql("a handled delivery is leased", "lease_look", "WHERE state IN ('queued', 'leased') AND at", "WHERE state <> 'buried' AND at").found_by("q10_a_handled_delivery_is_handled", &["the remaining deliveries"]),
        sql("a lease is taken while it lasts", "lease_look", "at <= ?1", "(state = 'leased' OR at <= ?1)").found_by("q1_an_envelope_is_queued_once", &["a second lease"]),
        sql("an OR without brackets", "lease_look", "WHERE state IN ('queued', 'leased') AND at", "WHERE state = 'queued' OR state = 'leased' AND at").found_by("q3_a_lease_runs_out_and_is_taken_over", &["before it arrived"]),
        sql("the order is that of the arrival", "lease_look", "ORDER BY at, arrival", "ORDER BY arrival").found_by("q8_the_longest_waiting_is_first", &["the first"]),
        sql("the last is first", "lease_look", "ORDER BY at, arrival", "ORDER BY at DESC, arrival").found_by("q8_the_longest_waiting_is_first", &["the first"]),
        sql("equal times in no order", "lease_look", "ORDER BY at, arrival", "ORDER BY at, envelope_id").found_by("q8_the_longest_waiting_is_first", &["deliveries that are due later, and deliveries whose lease expired"]),
        sql("equal times backwards", "lease_look", "ORDER BY at, arrival", "ORDER BY at, arrival DESC").found_by("q11_a_reused_delivery_id_is_reported_and_loses_nothing", &["the queued deliveries"]),
        sql("the order of the times' texts", "lease_look", "ORDER BY at, arrival", "ORDER BY CAST(at AS TEXT), arrival").found_by("q8_deliveries_are_due_in_order_to_both_ends_of_time", &["all in the order of their times"]),
        sql("no order", "lease_look", "ORDER BY at, arrival ", "ORDER BY envelope_id ").found_by("q8_the_longest_waiting_is_first", &["deliveries that are due later, and deliveries whose lease expired"]),
        sql("a hundred at a time", "lease_look", "LIMIT ?2", "LIMIT min(?2, 100)").found_by("q4_a_thousand_buried_deliveries_are_all_listed", &["how many deliveries are leased"]),
        sql("a thousand at a time", "lease_look", "LIMIT ?2", "LIMIT min(?2, 1000)").found_by("q4_a_thousand_buried_deliveries_are_all_listed", &["how many deliveries are leased"]),
        sql("0 is no limit", "lease_look", "LIMIT ?2", "LIMIT iif(?2 = 0, -1, ?2)").found_by("q8_the_longest_waiting_is_first", &["how many a lease of none gives"]),
        sql(
            "the limit is before the filter",
            "lease_look",
            "FROM deliveries AS mine",
            "FROM (SELECT * FROM deliveries ORDER BY at, arrival LIMIT ?2) AS mine",
        ).found_by("k8_odd_deliveries_survive", &["no delivery could be leased at"]),
        sql("attempts are not counted", "lease", ", attempts = attempts + 1", "").found_by("q1_a_delivery_comes_out_as_it_went_in", &["the attempt"]),
        sql("attempts are counted in a byte", "lease", "attempts = attempts + 1", "attempts = min(attempts + 1, 127)").found_by("q20_more_than_255_attempts_are_counted", &["attempt"]),
        sql("attempts are counted from the last lease", "lease", "attempts = attempts + 1", "attempts = iif(state = 'leased', attempts + 1, 1)").found_by("q20_attempts_are_counted_from_the_queueing", &["the attempt"]),
        sql("fences are attempts", "lease", "fence = ?3", "fence = attempts + 1").found_by("q20_attempts_are_counted_from_the_queueing", &["each lease has a higher fence"]),
        sql("fences are counted in the row", "lease", "fence = ?3", "fence = fence + 1").found_by("q3_a_lease_from_before_the_forgetting_counts_no_more", &["the answer to completing with the old lease"]),
        sql("fences are all equal", "lease", "fence = ?3", "fence = 1").found_by("q3_a_lease_runs_out_and_is_taken_over", &["the second lease has a higher fence"]),
        bound("a lease ends at a whole second", "lease", 2, wrong::as_seconds).found_by("q3_a_lease_runs_out_and_is_taken_over", &["just before the lease ends"]),
        sql("a lease ends when it began", "lease", "at = ?2", "at = at").found_by("q1_an_envelope_is_queued_once", &["a second lease"]),
        sql("a lease of another delivery of the id", "lease", "WHERE envelope_id = ?1", "WHERE delivery_id = (SELECT delivery_id FROM deliveries WHERE envelope_id = ?1)").found_by("q11_a_reused_delivery_id_is_reported_and_loses_nothing", &["the queued deliveries"]),
        sql("the next is due whoever waits", "next_due", " AND (ordering_key = '' OR NOT EXISTS (
    SELECT 1 FROM deliveries AS earlier
    WHERE earlier.ordering_key = mine.ordering_key AND earlier.state IN ('queued', 'leased')
        AND earlier.arrival < mine.arrival))", "").found_by("q8_next_due_is_when_a_lease_can_succeed", &["the next due time while the first is handled, and another waits behind it"]),
        sql("the next is a queued one", "next_due", "WHERE state IN ('queued', 'leased') AND (", "WHERE state = 'queued' AND (").found_by("q8_next_due_is_when_a_lease_can_succeed", &["the next due time while the first is handled, and another waits behind it"]),
        sql("the next is a buried one", "next_due", "WHERE state IN ('queued', 'leased') AND (", "WHERE state <> 'done' AND (").found_by("q8_next_due_is_when_a_lease_can_succeed", &["the next due time when the second is done"]),
        sql("the next is the last", "next_due", "min(at)", "max(at)").found_by("q8_next_due_is_when_a_lease_can_succeed", &["the next due time at first"]),
        sql("the next is in the future", "next_due", "WHERE state", "WHERE at > unixepoch() * 1000000 AND state").found_by("q8_next_due_is_when_a_lease_can_succeed", &["the next due time at first"]),
        sql("the next is one of any key", "next_due", "earlier.ordering_key = mine.ordering_key", "earlier.ordering_key <> ''").found_by("q8_next_due_is_when_a_lease_can_succeed", &["q8_next_due_is_when_a_lease_can_succeed the next due time when one of another key came, due earlier"]),
        sql("the next is never known", "next_due", "ordering_key = '' OR ", "").found_by("q8_next_due_is_when_a_lease_can_succeed", &["q8_next_due_is_when_a_lease_can_succeed the next due time when one without a key came, due still earlier"]),
        sql("nothing is due at 1970", "next_due", "min(at)", "coalesce(min(at), 0)").found_by("q8_next_due_is_when_a_lease_can_succeed", &["the next due time in an empty inbox"]),
    ]
}
