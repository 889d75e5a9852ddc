//! Tests of the mirror against a platform in memory, with a clock that only the test moves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

mod budget;
mod changes;
mod counting_store;
mod lifecycle;
mod model;
mod platform;
mod queries;
mod replicas;
mod suite;
mod sync;
mod worker;
mod world;
