//! Model-checks the refresh protocol, deeper than the tests do.

use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::workspace::cargo;

/// Searches, and prints the number of states of each search.
pub(crate) fn run() -> Result<()> {
    process::run(&mut search()?)
}

/// Uses a release build, because the model has millions of states.
pub(crate) fn search() -> Result<Command> {
    let arguments = ["test", "--release", "-p", "revento-oauth", "--lib", "model_"];
    let mut checker = cargo(&arguments)?;
    checker
        .args(["--", "--nocapture", "--test-threads=1"])
        .env("REVENTO_MODEL", "deep");
    Ok(checker)
}
