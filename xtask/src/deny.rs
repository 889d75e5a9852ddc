//! Checks licences, bans and sources of all dependencies against `deny.toml`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::workspace::{cargo, root, target_directory};

const VERSION: &str = "0.20.2";

/// Installs cargo-deny if it is missing, then checks. Only the installation and the download of crates need a network.
///
/// Advisories are not checked: their database is on the network, and its changes would make an unchanged commit fail.
pub(crate) fn run() -> Result<()> {
    let tool = tool()?;
    // The graph has all platforms, so cargo-deny needs the manifests of all of them.
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

/// The path of cargo-deny in the build folder.
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

/// Builds without optimization: that takes 40 s on two cores instead of minutes, and the check is still short.
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
