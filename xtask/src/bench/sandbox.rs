//! Measures the sandbox: start, throughput against a bare axum handler, memory.

use anyhow::Result;

use crate::process;
use crate::workspace::cargo;

pub(super) fn run(json: bool) -> Result<()> {
    let mut command = cargo(&[
        "run",
        "--quiet",
        "--release",
        "--package",
        "revento-sandbox",
        "--example",
        "measure",
        "--",
    ])?;
    if json {
        command.arg("--json");
    }
    process::run(&mut command)
}
