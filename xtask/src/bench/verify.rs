//! Measures one verification.

use anyhow::Result;

use crate::process;
use crate::workspace::{cargo, root, target_directory};

pub(super) fn run(json: bool) -> Result<()> {
    let manifest = root()?.join("benches/Cargo.toml");
    let mut command = cargo(&["run", "--quiet", "--release", "--bin", "revento-benches"])?;
    command
        .arg("--manifest-path")
        .arg(manifest)
        .arg("--target-dir")
        .arg(target_directory()?.join("benches"))
        .args(["--", "verify"]);
    if json {
        command.arg("--json");
    }
    process::run(&mut command)
}
