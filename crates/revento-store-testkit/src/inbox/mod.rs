//! The checks for [`InboxStore`](revento_store::InboxStore).

mod alike;
mod buried;
mod deliveries;
mod dropped;
mod durable;
mod ends;
mod expunge;
mod forget;
mod fresh;
mod insert;
mod lease;
mod long;
mod order;
mod outcomes;
mod races;
mod restart;
pub(crate) mod sample;
mod waiting;

use revento_store::InboxStore;

use crate::check::{Check, checks};

pub(crate) fn checks() -> Vec<Check<dyn InboxStore>> {
    checks![
        deliveries::q1_a_delivery_comes_out_as_it_went_in =>
            "a webhook is handled with the data of another webhook",
        deliveries::k8_odd_deliveries_survive =>
            "an unusual id makes the inbox fail or hides another delivery",
        deliveries::k8_large_deliveries_survive =>
            "a large webhook is refused with a 503 for ever, or handled without its end",
        deliveries::q11_every_bit_of_the_digest_counts =>
            "the platform uses an id for two bodies, and one of them is lost unnoticed",
        alike::k8_no_call_touches_a_delivery_that_looks_alike =>
            "the end of one delivery is taken for that of another, which is never handled",
        long::h25_ids_of_any_length_are_kept_and_listed =>
            "a delivery with a long id is refused with a 503 for ever",
        insert::q1_an_envelope_is_queued_once =>
            "a delivery that the sender retries is handled twice",
        insert::q1_of_many_simultaneous_inserts_one_is_new =>
            "two replicas handle the same delivery",
        insert::q9_a_buried_delivery_is_queued_again =>
            "a replay from the platform's console has no effect",
        insert::h8_an_attempt_signed_before_the_burial_queues_nothing =>
            "whoever has captured a delivery makes a failing handler run again and again",
        insert::q11_a_reused_delivery_id_is_reported_and_loses_nothing =>
            "a replay with changed headers hides or replaces another delivery",
        insert::q11_another_body_under_a_known_identity_is_reported =>
            "the platform uses an id for two bodies, and one of them is lost unnoticed",
        lease::q3_a_lease_runs_out_and_is_taken_over =>
            "a delivery is lost when its runner crashes",
        lease::q3_a_lost_lease_changes_nothing =>
            "a runner whose lease has expired overwrites its successor's outcome",
        lease::q8_no_delivery_is_leased_twice_at_once =>
            "two runners handle the same delivery",
        lease::q8_the_longest_waiting_is_first =>
            "a delivery is never handled while newer ones are",
        lease::k22_leases_go_by_the_callers_clock =>
            "a wrong clock of the database ends leases early",
        ends::q8_deliveries_are_due_in_order_to_both_ends_of_time =>
            "a delivery with an unusual time is handled too late or never",
        ends::q8_equal_times_are_in_the_order_of_arrival =>
            "a delivery waits while later ones are handled",
        ends::q20_more_than_255_attempts_are_counted =>
            "a delivery with many attempts cannot be leased any more, or begins its attempts again",
        lease::q20_attempts_are_counted_from_the_queueing =>
            "a delivery is buried too early or never",
        races::q3_of_many_outcomes_of_a_lease_one_counts =>
            "a runner records an outcome, and another call overwrites it",
        races::q3_a_late_outcome_and_a_takeover_exclude_each_other =>
            "a delivery is handled again after its first handler has completed it",
        races::q9_of_many_replays_and_requeues_one_queues =>
            "a replay and an operator queue a delivery twice, and it is handled twice",
        races::q18_expunging_and_a_requeue_exclude_each_other =>
            "a requeued delivery is buried again at once, or handled without its body",
        outcomes::q10_a_handled_delivery_is_handled =>
            "a delivery is handled again",
        outcomes::q8_a_retry_waits_for_its_time =>
            "a failing handler is called in a tight loop",
        outcomes::q4_a_buried_delivery_waits_for_somebody =>
            "a delivery that always fails is retried for ever",
        outcomes::q9_only_what_is_buried_is_requeued =>
            "a requeue runs a handled delivery again",
        outcomes::h30_a_requeue_says_how_many_attempts_follow =>
            "an operator's requeue starts the whole schedule of attempts again",
        order::q14_an_ordering_key_is_handled_in_order =>
            "an older state of a resource overwrites a newer one",
        order::q14_a_key_is_leased_once_at_a_time =>
            "two runners write the same resource at once",
        order::q14_a_retry_holds_its_place =>
            "a later delivery is handled before the earlier one that is retried",
        order::q14_a_buried_delivery_does_not_block_its_key =>
            "a delivery that always fails blocks its resource for ever",
        order::q14_a_requeued_delivery_arrives_anew =>
            "two deliveries of one resource are handled at once after a replay",
        alike::q14_ordering_keys_that_look_alike_are_separate =>
            "a failing delivery holds up those of another resource",
        order::q14_keys_do_not_hold_each_other_up =>
            "a slow resource blocks all others",
        waiting::q8_next_due_is_when_a_lease_can_succeed =>
            "a runner polls in a tight loop or sleeps although work is due",
        forget::q12_only_what_was_handled_long_ago_is_forgotten =>
            "a late retry is handled again, or the inbox grows without limit",
        expunge::q4_what_is_buried_is_listed =>
            "an operator does not see the buried deliveries",
        buried::q4_what_is_buried_is_listed_page_by_page =>
            "an operator sees only the latest buried deliveries, or some of them twice",
        buried::q4_a_thousand_buried_deliveries_are_all_listed =>
            "after an outage an operator sees only some of the buried deliveries",
        expunge::q4_the_last_cause_and_all_attempts_are_listed =>
            "an operator reads the wrong cause of a failure",
        expunge::q18_only_what_was_buried_long_ago_is_expunged =>
            "personal data is kept for ever, or a delivery is wiped before an operator can requeue it",
        expunge::q18_what_is_expunged_cannot_be_requeued =>
            "an empty body is handled or blocks its resource",
        expunge::q18_a_replay_brings_the_body_back =>
            "a replay from the platform's console has no effect",
        expunge::q18_nothing_of_a_wiped_body_is_at_rest =>
            "personal data is still at rest after it was reported as deleted",
        forget::q3_a_lease_from_before_the_forgetting_counts_no_more =>
            "a runner that resumes after a week completes a delivery that another runner holds",
        durable::q2_what_was_acknowledged_is_there_after_reopening =>
            "a webhook is lost after it was acknowledged with a 2xx",
        dropped::q2_a_dropped_call_loses_and_blocks_nothing =>
            "a sender that closes the connection loses a delivery or blocks its resource",
        restart::q2_nothing_is_lost_by_a_restart =>
            "a restart of the database loses webhooks that were acknowledged with a 2xx",
        fresh::k24_replicas_read_at_once_what_another_wrote =>
            "an operator or a runner acts on a state that another replica has changed",
        durable::q8_replicas_share_the_work =>
            "two replicas handle the same delivery",
    ]
}
