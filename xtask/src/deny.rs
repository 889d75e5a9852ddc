//! Checks the dependencies against `deny.toml`: licences, bans and sources in each run of CI, advisories on request.

use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::tools::Tool;
use crate::workspace::{cargo, root};

const CARGO_DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
};

/// Checks licences, bans and sources. Only the installation and the download of crates need a network.
pub(crate) fn run() -> Result<()> {
    let mut command = cargo_deny()?;
    process::run(
        command
            .arg("--offline")
            .args(CHECK)
            .args(["licenses", "bans", "sources"]),
    )
}

/// Checks the lock file against the advisories of RustSec. Without a network it prints a line.
///
/// This is no part of CI: the database changes, and an unchanged commit must not fail.
pub(crate) fn audit() -> Result<()> {
    let fetched = process::output(cargo_deny()?.args(["fetch", "db"]))?;
    if !fetched.status.success() {
        println!("skipped: the advisory database cannot be downloaded");
        return Ok(());
    }
    process::run(cargo_deny()?.args(CHECK).args(["--disable-fetch", "advisories"]))
}

const CHECK: [&str; 3] = ["--all-features", "check", "--hide-inclusion-graph"];

/// cargo-deny in the root of the workspace. The graph has all platforms, so it needs the manifests of all of them.
fn cargo_deny() -> Result<Command> {
    let tool = CARGO_DENY.path()?;
    process::run(&mut cargo(&["fetch", "--locked", "--quiet"])?)?;
    let mut command = Command::new(tool);
    command.current_dir(root()?);
    Ok(command)
}
