//! The Redis store against servers that lose things, and connections that end. The conformance suites are in `conformance.rs`.
//!
//! `cargo xtask test` brings a server; without one these tests say so and pass.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may panic, and one that cannot run says so"
)]

mod connecting;
mod network;
mod once;
mod server;
