//! The command as a terminal and a script meet it: the built program, run.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail like tests"
)]

mod data;
mod export;
mod export_terminal;
mod headless;
mod killed;
mod quickstart;
mod sandbox;
mod support;
mod usage;
