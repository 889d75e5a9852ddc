//! What a [`DeletionStore`](revento_store::DeletionStore) has to honour.

mod durable;
mod duties;
mod open;
mod proof;
mod sample;

use revento_store::DeletionStore;

use crate::check::{Check, checks};

pub(crate) fn checks() -> Vec<Check<dyn DeletionStore>> {
    checks![
        duties::q17_a_duty_comes_back_as_it_was_recorded =>
            "data is deleted too late, or that of a newer connection with it",
        duties::k8_odd_duties_survive =>
            "one odd id hides a duty, or stops the ledger",
        duties::q17_the_same_webhook_is_one_duty =>
            "a repeated webhook puts a deadline off, or opens again what was proven",
        duties::q17_of_many_simultaneous_records_one_is_new =>
            "two replicas report the same duty as new, or one of them fails",
        duties::q17_the_duties_of_one_event_are_separate =>
            "deleting for an old connection passes as deleting for a newer one",
        open::q17_the_most_urgent_duty_is_first =>
            "a deadline passes behind others that had time",
        open::k22_no_deadline_is_judged_by_the_stores_clock =>
            "what is overdue is no longer asked for",
        open::q17_a_reminder_is_noted_and_nothing_else =>
            "nobody is reminded, or everybody without end",
        proof::q17_the_first_proof_stays =>
            "the proof of a deletion is lost, or rewritten",
        proof::q17_what_is_not_known_is_not_proven =>
            "a deletion is reported that nobody was obliged to, and the real one is not",
        proof::q17_of_many_simultaneous_settlements_one_is_the_proof =>
            "two replicas prove the same deletion differently",
        durable::q17_the_ledger_is_there_after_reopening =>
            "a restart forgets a duty, or its proof",
        durable::q17_a_dropped_call_is_whole_or_never_was =>
            "a handler that times out leaves half a duty, or blocks the ledger",
    ]
}
