//! Licences, bans and sources of all dependencies, as `deny.toml` says.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::workspace::{cargo, root, target_directory};

const VERSION: &str = "0.20.2";

/// Brings cargo-deny when it is not there, then checks. Only the fetching needs a network.
///
/// Advisories are left out: their database lives on the network, and a check that judges yesterday's commit differently
/// tomorrow is not a test of the commit.
pub(crate) fn run() -> Result<()> {
    let tool = tool()?;
    // The graph spans all platforms, so the manifests of all of them have to be here.
    process::run(&mut cargo(&["fetch", "--locked", "--quiet"])?)?;
    let arguments = [
        "--offline",
        "--all-features",
        "check",
        "--hide-inclusion-graph",
        "licenses",
        "bans",
        "sources",
    ];
    process::run(Command::new(tool).current_dir(root()?).args(arguments))
}

/// The path of our own cargo-deny.
fn tool() -> Result<PathBuf> {
    let home = target_directory()?
        .join("tools")
        .join(format!("cargo-deny-{VERSION}"));
    let tool = home
        .join("bin")
        .join("cargo-deny")
        .with_extension(std::env::consts::EXE_EXTENSION);
    if !tool.exists() {
        println!("building cargo-deny {VERSION} into {}", home.display());
        install(&home)?;
    }
    Ok(tool)
}

/// Built without optimization: that takes 40 s on two cores instead of minutes, and the check itself stays short.
fn install(home: &Path) -> Result<()> {
    let arguments = [
        "install",
        "cargo-deny",
        "--locked",
        "--quiet",
        "--debug",
        "--config",
        "profile.dev.debug=false",
    ];
    process::run(
        cargo(&arguments)?
            .args(["--version", VERSION, "--root"])
            .arg(home),
    )
}
