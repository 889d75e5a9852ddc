//! Reads the workspace from cargo.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::rules::{Kind, LIGHT, RULES};
use crate::process;
use crate::workspace::{self, Package, cargo};

/// All members, sorted by name.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) members: Vec<Member>,
}

/// One crate of the workspace.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) folder: PathBuf,
    /// The workspace crates that it depends on, without those for its tests.
    pub(super) uses: Vec<Use>,
    /// The crates that a user gets with all features, itself included. Empty unless a rule needs it.
    pub(super) tree: BTreeSet<String>,
    /// The same without features.
    pub(super) light_tree: BTreeSet<String>,
}

/// A dependency on another workspace crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) name: String,
    pub(super) optional: bool,
}

/// Whether cargo may download missing crates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Network {
    Allowed,
    #[cfg(test)]
    Offline,
}

impl Facts {
    /// Asks cargo about the workspace in `root`.
    pub(super) fn of(root: &Path, network: Network) -> Result<Self> {
        let metadata = workspace::metadata(root)?;
        let ours: BTreeSet<String> = metadata
            .packages
            .iter()
            .map(|package| package.name.clone())
            .collect();
        let mut members: Vec<Member> = metadata
            .packages
            .iter()
            .map(|package| member(root, network, package, &ours))
            .collect::<Result<_>>()?;
        members.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { members })
    }
}

fn member(root: &Path, network: Network, package: &Package, ours: &BTreeSet<String>) -> Result<Member> {
    let declared = package.dependencies.iter();
    let uses = declared
        .filter(|dependency| dependency.kind.as_deref() != Some("dev") && ours.contains(&dependency.name))
        .map(|dependency| Use {
            name: dependency.name.clone(),
            optional: dependency.optional,
        })
        .collect();
    let name = package.name.clone();
    let pure = RULES
        .iter()
        .any(|rule| rule.name == name && rule.kind == Kind::Pure);
    let tree = if pure {
        tree(root, network, &name, "--all-features")?
    } else {
        BTreeSet::new()
    };
    let light = name == LIGHT.0;
    let light_tree = if light {
        self::tree(root, network, &name, "--no-default-features")?
    } else {
        BTreeSet::new()
    };
    let folder = package
        .manifest_path
        .parent()
        .context("a manifest has no folder")?
        .to_owned();
    Ok(Member {
        name,
        folder,
        uses,
        tree,
        light_tree,
    })
}

/// The names in a crate's tree as its user gets it. (`cargo metadata` would mix in the features that other members ask
/// of a shared dependency.)
fn tree(root: &Path, network: Network, name: &str, features: &str) -> Result<BTreeSet<String>> {
    let arguments = [
        "tree", "-p", name, "--edges", "normal", "--prefix", "none", "--format", "{p}", features,
    ];
    let mut command = cargo(&arguments)?;
    if network != Network::Allowed {
        command.arg("--offline");
    }
    let text = process::stdout(command.current_dir(root))?;
    Ok(text
        .lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect())
}
