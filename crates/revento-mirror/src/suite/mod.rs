//! The conformance suite for mirror stores (feature `suite`).
//!
//! [`run`] runs every check on a store of its own, and panics with a list of those that the store failed:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! use revento_mirror::{memory::MemoryMirror, suite::{self, Subject}};
//!
//! suite::run(async || Subject::new(MemoryMirror::new())).await;
//! # }
//! ```
//!
//! Give it [replicas](Subject::with_replicas) and a [dump](Subject::with_dump), too, so that it can check what another process sees,
//! and that nothing is left after a wipe.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a check panics when the store breaks the promise that it is named for"
)]

mod claims;
mod events;
mod feed;
mod fixtures;
mod queries;
mod races;
mod rows;
mod subject;
mod wiping;

use std::{fmt::Write as _, panic::AssertUnwindSafe};

use futures_util::future::{BoxFuture, FutureExt as _};

pub use self::subject::{BoxError, Subject};

struct Check {
    name: &'static str,
    run: fn(Subject) -> BoxFuture<'static, ()>,
}

macro_rules! checks {
    ($($module:ident::$name:ident,)*) => {
        &[$(Check {
            name: stringify!($name),
            run: |subject| $module::$name(subject).boxed(),
        },)*]
    };
}

const CHECKS: &[Check] = checks![
    events::an_event_begins_once,
    events::an_unknown_event_has_nothing,
    events::events_are_listed_in_the_order_of_their_ids,
    events::a_wish_stays_until_it_is_cleared,
    events::a_write_of_another_epoch_has_no_effect,
    claims::a_claim_excludes_others_until_it_ends,
    claims::a_holder_prolongs_its_claim,
    claims::a_released_claim_is_free,
    claims::a_write_under_an_old_claim_has_no_effect,
    rows::a_row_is_kept_as_it_is,
    rows::odd_texts_are_kept,
    rows::long_texts_are_kept,
    rows::a_write_happens_completely_or_not_at_all,
    rows::a_version_is_never_used_again,
    rows::events_do_not_touch_each_other,
    rows::a_mark_says_which_read_has_shown_a_row,
    rows::another_handle_sees_what_was_written,
    queries::rows_are_listed_in_the_order_of_their_ids,
    queries::participants_are_found_by_their_fields,
    queries::participants_are_found_by_their_answers,
    queries::rows_are_found_by_their_state,
    feed::announced_changes_are_in_the_feed,
    feed::a_forgotten_change_is_missed_and_no_position_is_used_again,
    races::one_of_many_simultaneous_writers_wins,
    races::one_of_many_simultaneous_claims_is_granted,
    races::no_change_appears_behind_a_reader,
    races::a_dropped_call_happens_completely_or_not_at_all,
    wiping::a_wipe_deletes_everything_of_one_event,
    wiping::a_wipe_of_another_epoch_has_no_effect,
    wiping::an_event_goes_on_after_a_wipe,
    wiping::nothing_is_left_in_the_files_after_a_wipe,
];

/// Runs all checks. `open` makes an empty store for each.
///
/// # Panics
/// If the store fails a check. The message lists all of them.
pub async fn run(open: impl AsyncFn() -> Subject) {
    let mut failed = String::new();
    let mut count = 0;
    for check in CHECKS {
        let subject = open().await;
        if let Err(panic) = AssertUnwindSafe((check.run)(subject)).catch_unwind().await {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("a panic");
            let _ = write!(failed, "\n  {}: {text}", check.name);
            count += 1;
        }
    }
    assert!(count == 0, "{count} of {} checks failed:{failed}", CHECKS.len());
}
