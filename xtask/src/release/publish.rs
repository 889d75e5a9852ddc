//! Uploads the crates. It can be repeated: what the registry has already is left out.

use std::process::Command;

use anyhow::{Result, bail};

use crate::process;
use crate::workspace::{Package, VERSION, cargo, root};

/// Uploads what is missing, each crate after those that it uses.
///
/// Cargo builds each package before it uploads the first one, and waits until the registry shows each. Its token comes from `cargo login` or the
/// environment.
pub(super) fn run(packages: &[Package]) -> Result<()> {
    if tagged()? != Tagged::Here {
        bail!("HEAD has no tag v{VERSION}; RELEASING.md says how to make it");
    }
    let mut missing = Vec::new();
    for package in packages {
        if !is_uploaded(&package.name)? {
            missing.push(package.name.as_str());
        }
    }
    println!(
        "{} of {} crates are to be uploaded",
        missing.len(),
        packages.len()
    );
    if missing.is_empty() {
        return Ok(());
    }
    let mut command = cargo(&["publish", "--locked"])?;
    for name in missing {
        command.args(["-p", name]);
    }
    process::run(&mut command)
}

/// A complaint if another commit is this version already.
pub(super) fn tagged_elsewhere() -> Result<Option<String>> {
    let is_elsewhere = tagged()? == Tagged::Elsewhere;
    Ok(is_elsewhere.then(|| format!("v{VERSION} is the tag of another commit; begin the next version")))
}

#[derive(Debug, PartialEq, Eq)]
enum Tagged {
    Not,
    Here,
    Elsewhere,
}

fn tagged() -> Result<Tagged> {
    let commit = |name: &str| -> Result<Option<String>> {
        let mut git = Command::new("git");
        git.current_dir(root()?)
            .args(["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")]);
        let output = process::output(&mut git)?;
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Ok(output.status.success().then_some(said))
    };
    Ok(match commit(&format!("refs/tags/v{VERSION}"))? {
        None => Tagged::Not,
        tag if tag == commit("HEAD")? => Tagged::Here,
        Some(_) => Tagged::Elsewhere,
    })
}

/// Whether the registry has this version. An answer other than "no" is an error: nothing is uploaded by guess.
fn is_uploaded(name: &str) -> Result<bool> {
    let mut command = cargo(&["info", "--quiet", "--registry", "crates-io"])?;
    // Elsewhere, so that cargo does not answer with the member of this workspace.
    command
        .arg(format!("{name}@{VERSION}"))
        .current_dir(std::env::temp_dir());
    let output = process::output(&mut command)?;
    if output.status.success() {
        return Ok(true);
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if said.contains("could not find") {
        return Ok(false);
    }
    bail!("crates.io does not say whether it has {name} {VERSION}: {said}")
}
