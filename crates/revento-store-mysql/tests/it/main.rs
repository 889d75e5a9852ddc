//! The MySQL store against many replicas, and a server that goes away. The conformance suites are in `conformance.rs`.
//!
//! `cargo xtask test` brings a server; without one these tests say so and pass.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may panic, and one that cannot run says so"
)]

mod failures;
mod handlers;
mod migrating;
mod network;
mod proxy;
mod server;
