//! Writes a bill of materials (CycloneDX) for the command and for the facade: each crate in the program of a user, with version, licence and
//! checksum.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::process;
use crate::tools::Tool;
use crate::workspace::{Copy, target_directory};

const CARGO_CYCLONEDX: Tool = Tool {
    name: "cargo-cyclonedx",
    version: "0.5.9",
};

/// The packages that get one.
const FOR: [&str; 2] = ["revento", "revento-cli"];

/// Writes `target/sbom/NAME.cdx.json`. cargo-cyclonedx writes beside each manifest, so it works on a copy.
pub(crate) fn run() -> Result<()> {
    let Some(tool) = CARGO_CYCLONEDX.path_or_skip()? else {
        return Ok(());
    };
    let copy = Copy::make("sbom")?;
    let folder = target_directory()?.join("sbom");
    fs::create_dir_all(&folder)?;
    for name in FOR {
        let package = copy.folder().join("crates").join(name);
        let mut command = Command::new(&tool);
        command
            .current_dir(&package)
            .args(["cyclonedx", "--format", "json", "--spec-version", "1.5"])
            .args(["--all-features", "--target", "all", "--no-build-deps"])
            .args(["--override-filename", "sbom"]);
        process::run(&mut command)?;
        let written = folder.join(format!("{name}.cdx.json"));
        let bill = fs::read_to_string(package.join("sbom.json"))?;
        // Our crates are named by their folder: in the repository, and not on this machine.
        let here = copy.folder().display().to_string();
        fs::write(&written, bill.replace(&here, ""))?;
        println!("{} components in {}", check(&written, name)?, written.display());
    }
    Ok(())
}

/// The number of components. An error if the file is not what its readers expect.
fn check(file: &Path, name: &str) -> Result<usize> {
    let bill: Value = serde_json::from_slice(&fs::read(file)?)?;
    let text = |pointer: &str| bill.pointer(pointer).and_then(Value::as_str);
    ensure!(
        text("/bomFormat") == Some("CycloneDX"),
        "this is no bill of CycloneDX"
    );
    ensure!(
        text("/metadata/component/name") == Some(name),
        "this is the bill of something else"
    );
    let components = bill
        .pointer("/components")
        .and_then(Value::as_array)
        .context("the bill has no components")?;
    for component in components {
        let is_complete = ["name", "version", "purl", "licenses"]
            .iter()
            .all(|field| component.get(field).is_some());
        ensure!(is_complete, "a component is incomplete: {component}");
    }
    Ok(components.len())
}
