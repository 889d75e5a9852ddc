//! The suite passes good stores and fails faulty ones.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod admin;
mod budgets;
mod deletions;
mod harness;
mod inbox;
mod memory;
mod once;
mod restart;
mod sealers;
mod suite;
mod text_change;
mod tokens;
