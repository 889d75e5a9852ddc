//! Tests of the sandbox over real HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that finds something else than it expects has to fail"
)]

mod announcements;
mod authorize;
mod browsers;
mod cases;
mod certificates;
mod codes;
mod consents;
mod console;
mod contract;
mod control;
mod data;
mod deliveries;
mod detached;
mod documents;
mod facts;
mod faults;
mod hostile;
mod hosts;
mod integrations;
mod listeners;
mod panel;
mod read;
mod replays;
mod small_things;
mod time;
mod tokens;
mod weekly;
mod world;
