//! The SQLite store against bad files, dropped futures and kill -9. The conformance suites are in `conformance.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may panic, and the child of the crash test talks to its parent"
)]

mod batches;
mod cancelled;
mod crash;
mod migration;
#[cfg(feature = "mirror")]
mod mirror;
mod opening;
mod pressure;
mod refused;
mod remains;
