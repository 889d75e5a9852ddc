//! The adapter to tower. How it answers over a socket is tested with the other adapters.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test may fail loudly, helpers of tests too"
)]

mod allocations;
mod log;
mod only_verified;
