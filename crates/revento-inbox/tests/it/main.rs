//! Tests of the inbox with real stores: always SQLite, and PostgreSQL if the environment names one.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly, helpers of tests too")]
#![allow(clippy::expect_used, reason = "a test may fail loudly, helpers of tests too")]
#![allow(clippy::panic, reason = "a test may fail loudly, helpers of tests too")]
#![allow(
    clippy::indexing_slicing,
    reason = "a test may fail loudly, helpers of tests too"
)]
#![allow(
    clippy::print_stdout,
    reason = "a skipped test says so, and a child talks to its parent"
)]

mod accepting;
mod alerts;
mod crash;
mod deletions;
mod drain;
mod engines;
mod exactly_once;
mod failing;
mod forgetting;
mod handlers;
mod joining;
mod load;
mod observed;
mod order;
mod replays;
mod unreadable;
mod world;
