//! Each library builds alone, as its users build it.
//!
//! In the workspace one crate's features serve all: what a crate forgot to ask for, a neighbour brought. A user who takes
//! that crate alone would get the compile error instead.

use anyhow::{Result, bail};

use crate::process;
use crate::workspace::{Package, cargo, metadata, root};

/// Checks every library, with its default features and without.
pub(crate) fn run() -> Result<()> {
    let packages = metadata(&root()?)?.packages;
    let mut broken = Vec::new();
    for package in packages.iter().filter(|package| package.is_public_library()) {
        for features in features(package) {
            let mut arguments = vec!["check", "--quiet", "--locked", "--lib", "-p", &package.name];
            arguments.extend(features);
            if let Err(error) = process::run(&mut cargo(&arguments)?) {
                broken.push(error.to_string());
            }
        }
    }
    if broken.is_empty() {
        return Ok(());
    }
    bail!("these do not build alone:\n  {}", broken.join("\n  "))
}

/// Without a `default` feature the two builds are the same.
fn features(package: &Package) -> Vec<Option<&'static str>> {
    if package.features.contains_key("default") {
        vec![None, Some("--no-default-features")]
    } else {
        vec![None]
    }
}
