//! Runs the built program, as a user or a script does.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing helper fails its test"
)]

mod data;
mod doctor;
mod export;
mod export_odd;
mod export_terminal;
mod headless;
mod json;
mod killed;
mod listen;
mod ops;
mod ops_check;
mod ops_inbox;
mod ops_keys;
mod ops_live;
mod platform;
mod quickstart;
mod recordings;
mod sandbox;
mod support;
mod trigger;
mod usage;
mod webhook;
