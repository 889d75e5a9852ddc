//! The checks for [`DeletionStore`](revento_store::DeletionStore).

mod durable;
mod duties;
mod fresh;
mod long;
mod open;
mod proof;
mod sample;
mod values;

use revento_store::DeletionStore;

use crate::check::{Check, checks};

pub(crate) fn checks() -> Vec<Check<dyn DeletionStore>> {
    checks![
        duties::q17_a_duty_comes_back_as_it_was_recorded =>
            "data is deleted too late, or data of a newer connection is deleted too",
        values::k8_texts_survive_in_every_field =>
            "an unusual id hides a duty, or the data of another event is deleted",
        values::k8_no_call_touches_a_duty_that_looks_alike =>
            "the end of one duty closes another one, whose data is never deleted",
        long::h25_ids_of_any_length_are_kept_and_listed =>
            "a duty to delete with a long id is refused for ever, and its deadline passes",
        duties::q17_the_same_webhook_is_one_duty =>
            "a repeated webhook postpones a deadline or reopens a done duty",
        duties::q17_of_many_simultaneous_records_one_is_new =>
            "two replicas report the same duty as new, or one replica fails",
        duties::q17_the_duties_of_one_event_are_separate =>
            "a deletion for an old connection closes the duty of a newer one",
        open::q17_the_most_urgent_duty_is_first =>
            "a deadline passes while less urgent duties are handled first",
        values::q17_deadlines_are_in_order_to_both_ends_of_time =>
            "a deadline passes while less urgent duties are handled first",
        values::q17_hundreds_of_open_duties_are_all_listed =>
            "after many revocations some duties are never listed, and their deadlines pass",
        open::k22_no_deadline_is_judged_by_the_stores_clock =>
            "overdue duties are no longer listed",
        open::q17_a_reminder_is_noted_and_nothing_else =>
            "reminders are never sent or never stop",
        proof::q17_the_first_proof_stays =>
            "the proof of a deletion is lost or overwritten",
        proof::q17_an_unknown_duty_is_not_marked_deleted =>
            "a proof is stored for an unknown duty, and the real duty stays open",
        proof::q17_of_many_simultaneous_deletions_one_is_the_proof =>
            "two replicas report different proofs of the same deletion",
        fresh::q17_reminders_and_a_deletion_at_once_lose_nothing =>
            "a reminder opens a done duty again, and its proof is lost",
        fresh::k24_replicas_read_at_once_what_another_wrote =>
            "a replica reminds of a duty that another has done, or reports one as new that is known",
        durable::q17_the_ledger_is_there_after_reopening =>
            "a restart loses a duty or its proof",
        durable::q17_nothing_is_lost_by_a_restart =>
            "a restart of the database loses a duty or its proof",
        durable::q17_a_dropped_call_is_whole_or_never_was =>
            "a handler that times out leaves an incomplete duty or blocks the store",
    ]
}
