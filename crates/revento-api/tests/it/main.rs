//! The client against a platform that can be told to fail, and against the sandbox.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

mod background;
mod connect;
mod endpoints;
mod errors_doc;
mod faults;
mod keep_alive;
mod outage;
mod pacing;
mod reads;
mod refresh;
mod sandbox;
mod shared_budget;
mod support;
mod telemetry;
mod wire;
