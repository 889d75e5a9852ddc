//! The suite passes good stores and fails faulty ones.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod admin;
mod budgets;
mod deletions;
mod harness;
mod inbox;
mod memory;
mod once;
mod restart;
mod sealers;
mod suite;
mod text_change;
mod tokens;

use std::{fmt::Debug, time::Duration};

use revento_store_testkit::Report;

/// Runs a check again until it fails, 21 times at most: a store that is not atomic does not lose every race.
async fn until_it_fails<F>(run: impl Fn() -> F) -> Report
where
    F: Future<Output = Report>,
{
    let mut report = run().await;
    for _ in 0..20 {
        if !report.is_passed() {
            break;
        }
        report = run().await;
    }
    report
}

/// Fails unless a store with this fault has failed the check.
fn assert_fails(report: &Report, check: &str, fault: &dyn Debug) {
    let failed: Vec<_> = report.failures().map(|finding| finding.name).collect();
    assert!(
        failed.contains(&check),
        "{fault:?} has to fail {check}, and failed {failed:?}"
    );
}

/// Long enough for every other caller to come between the steps of a call that is not atomic.
async fn between_the_steps() {
    tokio::time::sleep(Duration::from_millis(2)).await;
}

/// Defines faults, and `ALL` of them, so that a test can assert that it has a case for each.
macro_rules! faults {
    ($visibility:vis enum $name:ident { $($fault:ident)* }) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $visibility enum $name { $($fault,)* }

        impl $name {
            $visibility const ALL: &[Self] = &[$(Self::$fault,)*];
        }
    };
}

use faults;
