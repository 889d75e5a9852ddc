//! The client against a platform that fails on command, and against the sandbox.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

mod answers;
mod background;
mod bad_items;
mod connect;
mod connect_store;
mod endpoints;
mod faults;
mod foreign_transport;
mod idle;
mod installations;
mod outage;
mod pacing;
mod pages;
mod refresh;
mod refresh_idle;
mod retries;
mod runtime_ends;
mod sandbox;
mod scripted;
mod shared_budget;
mod support;
mod telemetry;
mod wire;
