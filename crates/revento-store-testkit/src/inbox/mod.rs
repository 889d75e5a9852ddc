//! What an [`InboxStore`](revento_store::InboxStore) has to honour.

mod buried;
mod deliveries;
mod dropped;
mod durable;
mod expunge;
mod forget;
mod insert;
mod lease;
mod order;
mod outcomes;
mod sample;
mod waiting;

use revento_store::InboxStore;

use crate::check::{Check, checks};

pub(crate) fn checks() -> Vec<Check<dyn InboxStore>> {
    checks![
        deliveries::q1_a_delivery_comes_out_as_it_went_in =>
            "a webhook is handled as another one",
        deliveries::k8_odd_deliveries_survive =>
            "one odd id stops the inbox, or hides another",
        insert::q1_an_envelope_is_queued_once =>
            "a retry of the sender is handled twice",
        insert::q1_of_many_simultaneous_inserts_one_is_new =>
            "two replicas handle the same delivery",
        insert::q9_a_buried_delivery_is_queued_again =>
            "a replay from the console does nothing",
        insert::q11_a_reused_delivery_id_is_told_and_loses_nothing =>
            "a replay under changed headers hides, or swallows, real work",
        insert::q11_another_body_under_a_known_identity_is_told =>
            "the platform gives an identity twice, and one of both is lost without a trace",
        lease::q3_a_lease_runs_out_and_is_taken_over =>
            "a delivery is lost with the runner that crashed over it",
        lease::q3_who_lost_the_lease_changes_nothing =>
            "a runner that woke up late undoes what its successor did",
        lease::q8_no_delivery_is_leased_twice_at_once =>
            "two runners handle the same delivery",
        lease::q8_the_longest_waiting_is_first =>
            "a delivery starves",
        lease::k22_leases_go_by_the_callers_clock =>
            "a skewed clock of the database ends leases early",
        lease::q20_attempts_are_counted_from_the_queueing =>
            "a delivery is given up too early, or never",
        outcomes::q10_a_handled_delivery_is_handled =>
            "a delivery is handled again",
        outcomes::q8_a_retry_waits_for_its_time =>
            "a failing handler is called in a tight loop",
        outcomes::q4_a_buried_delivery_waits_for_somebody =>
            "a poisonous delivery is tried for ever",
        outcomes::q9_only_what_is_buried_is_requeued =>
            "a requeue makes handled work run again",
        order::q14_an_ordering_key_is_handled_in_order =>
            "an older state of a resource overwrites a newer one",
        order::q14_a_key_is_leased_once_at_a_time =>
            "two runners write the same resource",
        order::q14_a_retry_holds_its_place =>
            "what came later is handled before what is tried again",
        order::q14_a_buried_delivery_does_not_block_its_key =>
            "one poisonous delivery stops a resource for good",
        order::q14_a_requeued_delivery_arrives_anew =>
            "a replay is handled beside the delivery that is being handled",
        order::q14_keys_do_not_hold_each_other_up =>
            "one slow resource stops all",
        waiting::q8_next_due_is_when_a_lease_can_succeed =>
            "a runner spins, or sleeps over work",
        forget::q12_only_what_was_handled_long_ago_is_forgotten =>
            "a late retry is handled again, or the inbox grows for ever",
        expunge::q4_what_is_buried_is_listed =>
            "nobody learns what was given up",
        buried::q4_what_is_buried_is_listed_page_by_page =>
            "an operator sees only the last failures, or some of them twice",
        buried::q4_a_thousand_buried_deliveries_are_all_listed =>
            "after an outage an operator sees only a part of what failed",
        expunge::q4_the_last_cause_and_all_attempts_are_told =>
            "an operator looks for the wrong cause",
        expunge::q18_only_what_was_buried_long_ago_is_expunged =>
            "personal data is kept for ever, or work is lost that somebody could have saved",
        expunge::q18_what_is_expunged_cannot_be_requeued =>
            "an empty body is handled, or stops its resource",
        expunge::q18_a_replay_brings_the_body_back =>
            "a replay from the console does nothing",
        expunge::q18_nothing_of_a_wiped_body_is_at_rest =>
            "personal data is found where it was reported as deleted",
        forget::q3_a_lease_from_before_the_forgetting_counts_no_more =>
            "a runner that woke up after a week completes another's delivery",
        durable::q2_what_was_acknowledged_is_there_after_reopening =>
            "a webhook that was acknowledged with a 2xx is lost",
        dropped::q2_a_dropped_call_loses_and_blocks_nothing =>
            "a sender that hangs up takes a delivery with it, or stops its resource",
        durable::q8_replicas_share_the_work =>
            "two replicas handle the same delivery",
    ]
}
