//! Checks each library with many combinations of its features (cargo-hack).
//!
//! Dependencies for tests need not be removed for that (`--no-dev-deps`): with resolver 3 they enable nothing in a check of a library.

use std::process::Command;

use anyhow::{Result, bail};

use crate::process;
use crate::tools::Tool;
use crate::workspace::{Package, metadata, root};

const CARGO_HACK: Tool = Tool {
    name: "cargo-hack",
    version: "0.6.46",
};

/// Features that know nothing of each other, each group in one: its members are only tried together. What each of them needs is found by
/// their own crate.
const TOGETHER: [&str; 3] = ["chrono,jiff,time", "mysql,nats,redis", "actix,tower"];

/// Options of `hack`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many features a combination has at most, beside all and none
    #[arg(long, default_value_t = 2)]
    depth: usize,
    /// Checks this library only (may be repeated)
    #[arg(short, long = "package", value_name = "PACKAGE")]
    packages: Vec<String>,
}

/// Checks every published library. Every combination that does not build is shown.
pub(crate) fn run(options: &Options) -> Result<()> {
    let Some(tool) = CARGO_HACK.path_or_skip()? else {
        return Ok(());
    };
    let known = metadata(&root()?)?.packages;
    let is_chosen =
        |package: &&Package| options.packages.is_empty() || options.packages.contains(&package.name);
    let mut broken = Vec::new();
    for package in known
        .iter()
        .filter(|package| package.is_public_library())
        .filter(is_chosen)
    {
        let mut command = Command::new(&tool);
        command
            .current_dir(root()?)
            .args([
                "hack",
                "check",
                "--quiet",
                "--lib",
                "--keep-going",
                "-p",
                &package.name,
            ])
            .args(["--feature-powerset", "--depth", &options.depth.to_string()]);
        for group in TOGETHER.iter().filter_map(|group| known_to(package, group)) {
            command.args(["--group-features", &group]);
        }
        if process::run(&mut command).is_err() {
            crate::interrupt::check()?;
            broken.push(package.name.as_str());
        }
    }
    if broken.is_empty() {
        return Ok(());
    }
    bail!(
        "some combinations of features do not build: {}",
        broken.join(", ")
    )
}

/// The members of a group that the package has, if there are several.
fn known_to(package: &Package, group: &str) -> Option<String> {
    let members: Vec<&str> = group
        .split(',')
        .filter(|feature| package.features.contains_key(*feature))
        .collect();
    (members.len() > 1).then(|| members.join(","))
}
