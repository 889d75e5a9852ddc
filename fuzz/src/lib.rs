//! Fuzz targets: total functions of bytes, each with what has to hold for all of them.
//!
//! One list serves two drivers: `revento-fuzz` (this package's program) mutates the corpus on any
//! compiler, for a smoke test in CI; `fuzz/libfuzzer` hands the same functions to cargo-fuzz, which is
//! guided by coverage.
#![allow(
    clippy::panic,
    clippy::expect_used,
    reason = "a fuzz target reports by panicking"
)]

pub mod driver;
mod targets;

pub use targets::{TARGETS, Target};

/// Runs one target by its name.
///
/// # Panics
/// When something does not hold, or there is no such target.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.expect("a target of this name").run)(data);
}
