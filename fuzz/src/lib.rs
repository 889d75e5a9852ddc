//! Fuzz targets: functions of bytes with properties that hold for every input.
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
/// When a property does not hold, or no target has this name.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.expect("a target of this name").run)(data);
}
