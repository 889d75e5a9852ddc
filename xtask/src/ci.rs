//! Runs every check of CI. All steps share one profile, one set of features and one set of flags, so that cargo builds nothing
//! twice.

use anyhow::Result;

use crate::steps::Steps;
use crate::workspace::cargo;
use crate::{alone, deny, fuzz, process, public_api, purity, soak, test, trials};

/// Runs all steps and prints a summary. An error if any step failed.
pub(crate) fn run() -> Result<()> {
    let mut steps = Steps::default();
    steps.run("format", || {
        process::run(&mut cargo(&["fmt", "--all", "--check"])?)
    })?;
    steps.run("purity", purity::run)?;
    steps.run("clippy", clippy)?;
    steps.run("alone", || alone::run(&alone::Options::smoke()))?;
    steps.run("docs", docs)?;
    steps.run("public api", public_api::run)?;
    steps.run("deny", deny::run)?;
    steps.run("test", || test::run(&test::Options::require_all()))?;
    steps.run("fuzz", || fuzz::run(&fuzz::Options::smoke()))?;
    steps.run("soak", || soak::run(&soak::What::smoke()))?;
    steps.run("simulate", || trials::simulate(&trials::Simulate::smoke()))?;
    steps.run("crash", || trials::crash(&trials::Crash::smoke()))?;
    steps.finish()
}

fn clippy() -> Result<()> {
    let arguments = [
        "clippy",
        "--locked",
        "--keep-going",
        "--workspace",
        "--all-targets",
        "--all-features",
    ];
    process::run(cargo(&arguments)?.args(["--", "-D", "warnings"]))
}

/// Documents the libraries only: cargo would write the command `revento` and the library `revento` to the same place.
fn docs() -> Result<()> {
    let arguments = [
        "doc",
        "--locked",
        "--keep-going",
        "--workspace",
        "--lib",
        "--all-features",
        "--no-deps",
    ];
    process::run(cargo(&arguments)?.env("RUSTDOCFLAGS", "-D warnings"))
}
