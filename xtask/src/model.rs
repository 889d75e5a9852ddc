//! The refresh protocol under a model checker, further than a test run looks.

use anyhow::Result;

use crate::process;
use crate::workspace::cargo;

/// In a release build, since the space is millions of states wide.
pub(crate) fn run() -> Result<()> {
    let arguments = ["test", "--release", "-p", "revento-oauth", "--lib", "model_"];
    let mut checker = cargo(&arguments)?;
    checker
        .args(["--", "--nocapture", "--test-threads=1"])
        .env("REVENTO_MODEL", "deep");
    process::run(&mut checker)
}
