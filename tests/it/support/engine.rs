//! The programs and servers that `cargo xtask test` provides for the tests.

use std::path::PathBuf;

/// The value of a variable of the test harness; `None` if the program or server is missing.
pub(crate) fn value(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

/// The path of a program.
pub(crate) fn path(variable: &str) -> Option<PathBuf> {
    value(variable).map(PathBuf::from)
}

/// Prints that a scenario is skipped.
pub(crate) fn skip(engine: &str) {
    println!("skipped: no {engine} (cargo xtask test provides it)");
}
