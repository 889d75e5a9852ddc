//! Measures the read of a page: a client on one core, a platform on another.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::process;
use crate::workspace::{cargo, root, target_directory};

pub(super) fn run(json: bool) -> Result<()> {
    let target = target_directory()?.join("benches");
    let bin = "revento-bench-client";
    let mut build = cargo(&[
        "build",
        "--quiet",
        "--release",
        "--features",
        "client",
        "--bin",
        bin,
    ])?;
    build
        .arg("--manifest-path")
        .arg(root()?.join("benches/Cargo.toml"))
        .arg("--target-dir")
        .arg(&target);
    process::run(&mut build)?;
    // The client starts its platform on the first core.
    let mut measure = Command::new("taskset");
    measure
        .args(["-c", "1"])
        .arg(target.join("release").join(bin))
        .arg("measure");
    if json {
        measure.arg("--json");
    }
    process::run(&mut measure).context("is taskset installed?")
}
