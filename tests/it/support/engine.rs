//! The engines that `cargo xtask test` hands to the tests.

use std::path::PathBuf;

/// What the harness says of an engine; `None` when it has none.
pub(crate) fn value(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

/// The path of a program.
pub(crate) fn path(variable: &str) -> Option<PathBuf> {
    value(variable).map(PathBuf::from)
}

/// The one line of a scenario that cannot run here.
pub(crate) fn skip(engine: &str) {
    println!("skipped: no {engine} (cargo xtask test brings it)");
}
