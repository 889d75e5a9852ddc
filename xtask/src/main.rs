//! The commands of this repository: `cargo xtask <command>`.
//!
//! A command is one module with one `run`. CI runs a list of these commands (`ci`), so a developer can run each check of CI.
#![allow(clippy::print_stdout, reason = "a command reports to the person who runs it")]

mod alone;
mod bench;
mod campaign;
mod ci;
mod clock;
mod demo;
mod deny;
mod engines;
mod front_pages;
mod fuzz;
mod hack;
mod interrupt;
mod minimal_versions;
mod mistakes;
mod model;
mod process;
mod public_api;
mod purity;
mod release;
mod rust;
mod sbom;
mod screenshots;
mod semver;
mod soak;
mod steps;
mod test;
mod tools;
mod trials;
mod unused;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    about = "Builds, checks and measures this repository",
    version
)]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Runs every check of CI, and prints the duration of each step
    Ci,
    /// Runs all tests, with private engines (PostgreSQL, Redis, NATS, Chromium, Node, Python)
    Test(test::Options),
    /// Writes down how cargo runs a test binary, for `test`
    #[command(hide = true)]
    Record {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        call: Vec<String>,
    },
    /// Writes the README.md of each library from its documentation
    Readmes,
    /// Checks the architecture: dependencies between crates, no I/O below the line, no circles between modules, citations, links
    Purity,
    /// Writes the links of the guide's chapters as rustdoc needs them
    Guide,
    /// Builds each library alone, with its own features only
    Alone(alone::Options),
    /// Checks the foreign types in public signatures, and the shape of public errors
    PublicApi,
    /// Checks licences, bans and sources of all dependencies (cargo-deny, offline)
    Deny,
    /// Checks the lock file against the advisories of RustSec (cargo-deny); without a network it prints a line
    Audit,
    /// Checks each library with combinations of its features (cargo-hack)
    Hack(hack::Options),
    /// Checks what is published with the oldest direct dependencies that the manifests allow
    MinimalVersions,
    /// Finds dependencies that no code uses (cargo-machete)
    Unused,
    /// Compares the public API with that of the last release (cargo-semver-checks)
    Semver(semver::Options),
    /// Writes a bill of materials (CycloneDX) for the command and the facade into target/sbom
    Sbom,
    /// Makes a release, or rehearses one: see RELEASING.md
    Release(release::Options),
    /// Model-checks the refresh protocol in millions of states
    Model,
    /// Kills processes and databases while they refresh tokens, and checks that no token is lost
    Crash(trials::Crash),
    /// Runs SDK and sandbox through months of faults under a virtual clock; a seed repeats a run
    Simulate(trials::Simulate),
    /// Lets the doctor find each mistake that the integration of its tests can make, and nothing else
    Mistakes(mistakes::Options),
    /// Takes the pictures in `docs/` again, by browser tests of the quickstart and of the sandbox's pages
    Screenshots,
    /// Fuzzes the parsers and the verifier
    Fuzz(fuzz::Options),
    /// Runs the long checks for hours, in steps that can be stopped, and writes what they did into docs/evidence.md
    Campaign(campaign::Options),
    /// Measures against other libraries, for docs/performance.md
    Bench {
        #[command(subcommand)]
        what: bench::What,
    },
    /// Shows a deployment at work, with private servers
    Demo {
        #[command(subcommand)]
        what: demo::What,
    },
    /// Repeats one scenario and stops at its first failure
    Soak {
        #[command(subcommand)]
        what: soak::What,
    },
}

fn main() -> ExitCode {
    match run(&Cli::parse().chore) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The command or option in these arguments that does not exist. Their values are not judged.
fn unknown_argument<'t>(arguments: impl Iterator<Item = &'t str>) -> Option<String> {
    use clap::error::{ContextKind, ErrorKind};

    let error = Cli::try_parse_from(std::iter::once("cargo xtask").chain(arguments)).err()?;
    let kind = match error.kind() {
        ErrorKind::InvalidSubcommand => ContextKind::InvalidSubcommand,
        ErrorKind::UnknownArgument => ContextKind::InvalidArg,
        _ => return None,
    };
    error.get(kind).map(ToString::to_string)
}

fn run(chore: &Chore) -> anyhow::Result<()> {
    interrupt::listen()?;
    match chore {
        Chore::Ci => ci::run(),
        Chore::Test(options) => test::run(options),
        Chore::Record { call } => test::record(call),
        Chore::Readmes => front_pages::write(),
        Chore::Purity => purity::run(),
        Chore::Guide => purity::write_guide(),
        Chore::Alone(options) => alone::run(options),
        Chore::PublicApi => public_api::run(),
        Chore::Deny => deny::run(),
        Chore::Audit => deny::audit(),
        Chore::Hack(options) => hack::run(options),
        Chore::MinimalVersions => minimal_versions::run(),
        Chore::Unused => unused::run(),
        Chore::Semver(options) => semver::run(options),
        Chore::Sbom => sbom::run(),
        Chore::Release(options) => release::run(options),
        Chore::Mistakes(options) => mistakes::run(options),
        Chore::Model => model::run(),
        Chore::Crash(options) => trials::crash(options),
        Chore::Simulate(options) => trials::simulate(options),
        Chore::Screenshots => screenshots::run(),
        Chore::Fuzz(options) => fuzz::run(options),
        Chore::Campaign(options) => campaign::run(options),
        Chore::Bench { what } => bench::run(what),
        Chore::Demo { what } => demo::run(what),
        Chore::Soak { what } => soak::run(what),
    }
}
