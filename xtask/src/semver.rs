//! Compares the public API with that of the last release (cargo-semver-checks): a change that breaks users needs the version that says so.

use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::tools::Tool;
use crate::workspace::{Package, metadata, root};

const CARGO_SEMVER_CHECKS: Tool = Tool {
    name: "cargo-semver-checks",
    version: "0.51.0",
};

/// Options of `semver`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Compares with this commit instead of the last tag
    #[arg(long, value_name = "COMMIT")]
    since: Option<String>,
}

/// Checks every library that the last release has.
pub(crate) fn run(options: &Options) -> Result<()> {
    let Some(since) = options
        .since
        .clone()
        .map_or_else(last_tag, |since| Ok(Some(since)))?
    else {
        println!("skipped: there is no release to compare with");
        return Ok(());
    };
    let Some(tool) = CARGO_SEMVER_CHECKS.path_or_skip()? else {
        return Ok(());
    };
    let mut command = Command::new(tool);
    command.current_dir(root()?).args([
        "semver-checks",
        "check-release",
        "--all-features",
        "--baseline-rev",
        &since,
    ]);
    for package in metadata(&root()?)?.packages {
        if package.is_public_library() && exists(&since, &package)? {
            command.args(["--package", &package.name]);
        }
    }
    process::run(&mut command)
}

/// The newest tag of a version that HEAD descends from.
fn last_tag() -> Result<Option<String>> {
    let mut git = Command::new("git");
    git.current_dir(root()?)
        .args(["describe", "--tags", "--abbrev=0", "--match", "v[0-9]*"]);
    let output = process::output(&mut git)?;
    let tag = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok(output.status.success().then_some(tag))
}

/// Whether a commit has the package. There is nothing to compare a new one with.
fn exists(commit: &str, package: &Package) -> Result<bool> {
    let root = root()?;
    let manifest = package
        .manifest_path
        .strip_prefix(&root)
        .unwrap_or(&package.manifest_path);
    let mut git = Command::new("git");
    git.current_dir(&root)
        .args(["cat-file", "-e", &format!("{commit}:{}", manifest.display())]);
    Ok(process::output(&mut git)?.status.success())
}
