//! The public API of the verifier.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly, helpers of tests too")]

mod allocations;
mod properties;
mod shown;
#[cfg(feature = "events")]
mod values;
