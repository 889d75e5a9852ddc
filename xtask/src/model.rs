//! Model-checks the refresh protocol, deeper than the tests do.

use anyhow::Result;

use crate::process;
use crate::workspace::cargo;

/// Uses a release build, because the model has millions of states.
pub(crate) fn run() -> Result<()> {
    let arguments = ["test", "--release", "-p", "revento-oauth", "--lib", "model_"];
    let mut checker = cargo(&arguments)?;
    checker
        .args(["--", "--nocapture", "--test-threads=1"])
        .env("REVENTO_MODEL", "deep");
    process::run(&mut checker)
}
