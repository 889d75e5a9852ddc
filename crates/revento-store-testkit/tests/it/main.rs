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

/// Runs a check until it has found a fault: a store that is not atomic does not lose every race.
async fn until_found<F>(run: impl Fn() -> F) -> revento_store_testkit::Report
where
    F: Future<Output = revento_store_testkit::Report>,
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
