//! The NATS stores against the suites, servers that lose things, and clusters.
//!
//! `cargo xtask test` brings the servers; without them these tests say so and pass.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may panic, and one that cannot run says so"
)]

#[cfg(unix)]
mod cluster;
#[cfg(unix)]
mod disturbed;
mod opening;
mod server;
mod suite;
