//! The checks for [`Once`](revento_store::Once).

mod durable;
mod ends;
mod ids;
mod sample;
mod takers;

use revento_store::Once;

use crate::check::{Check, checks};

pub(crate) fn checks() -> Vec<Check<dyn Once>> {
    checks![
        takers::o21_a_mark_is_taken_once =>
            "a reloaded callback sends its code again, and the platform revokes what the first one issued",
        takers::o21_of_many_simultaneous_takers_one_has_it =>
            "a double click sends a code twice, and the platform revokes what it issued",
        takers::o21_replicas_share_their_marks =>
            "a callback that reaches two replicas sends its code twice, and the platform revokes what it issued",
        takers::o21_of_many_replicas_at_once_one_has_it =>
            "a callback that reaches two replicas sends its code twice, and the platform revokes what it issued",
        takers::o21_marks_that_ended_are_taken_again_at_once =>
            "after the end of a mark nobody gets it, two callers get it, or they block each other",
        ends::o21_a_mark_ends_at_its_time =>
            "a mark ends too early, and what must be done once is done twice; or it never ends",
        ends::o21_a_refusal_changes_nothing =>
            "each refused caller moves the end of the mark, and it never ends",
        ends::k22_no_end_is_judged_by_the_stores_clock =>
            "a mark ends early or late where the clocks of server and service differ",
        ends::h14_what_has_ended_is_forgotten_and_nothing_else =>
            "the store forgets a mark that has not ended, and what must be done once is done twice",
        ids::k8_every_id_is_a_mark_of_its_own =>
            "an id that differs in one character counts as taken, and somebody cannot sign in",
        ids::h25_ids_of_any_length_are_told_apart =>
            "a long id is refused, or counts as taken because it begins like another",
        durable::o21_a_mark_is_there_after_reopening =>
            "after a restart a reloaded callback sends its code again",
        durable::o21_no_mark_is_lost_by_a_restart =>
            "after a restart of the database a reloaded callback sends its code again",
        durable::o21_a_dropped_call_takes_the_mark_or_does_not =>
            "a caller that goes away leaves a mark that two others take, or blocks the store",
    ]
}
