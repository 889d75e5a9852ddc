//! Checks that the lower bounds in our manifests are true: the libraries and the command build with the oldest version of each direct
//! dependency that its manifest allows.
//!
//! Only cargo's resolver runs as a nightly. It works on a copy, so that `Cargo.lock` stays as it is.

use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::workspace::{Copy, cargo, metadata, nightly, root, target_directory};

/// Resolves, then checks. A nightly that is missing is a line.
pub(crate) fn run() -> Result<()> {
    let copy = Copy::make("minimal-versions")?;
    std::fs::remove_file(copy.folder().join("Cargo.lock")).ok();
    let Some(mut resolve) = nightly(&["generate-lockfile", "-Z", "direct-minimal-versions"])? else {
        return Ok(());
    };
    process::run(resolve.current_dir(copy.folder()))?;
    let mut check = check()?;
    check
        .current_dir(copy.folder())
        .env("CARGO_TARGET_DIR", target_directory()?.join("minimal-versions"));
    process::run(&mut check)
}

/// `cargo check` of what is published.
fn check() -> Result<Command> {
    let mut command = cargo(&[
        "check",
        "--locked",
        "--keep-going",
        "--all-features",
        "--lib",
        "--bins",
    ])?;
    for package in metadata(&root()?)?.packages {
        if package.is_published() {
            command.args(["-p", &package.name]);
        }
    }
    Ok(command)
}
