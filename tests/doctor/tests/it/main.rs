//! Tests of the integration by which the doctor is judged.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a failing test panics, and a long one tells how far it is"
)]

mod examination;
mod implies;
mod integration;
mod matrix;
mod the_integration_does_its_work;
mod told_too_little;
