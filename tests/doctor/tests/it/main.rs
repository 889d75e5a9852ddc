//! Tests of the integration by which the doctor is judged.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod integration;
mod the_integration_does_its_work;
