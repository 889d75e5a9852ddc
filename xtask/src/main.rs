//! Every chore of this repository: `cargo xtask <chore>`.
//!
//! A chore is one module with one `run`. CI is a list of chores (`ci`), so whatever CI checks can be typed.
#![allow(clippy::print_stdout, reason = "a chore reports to the person who runs it")]

mod alone;
mod bench;
mod ci;
mod clock;
mod deny;
mod engines;
mod fuzz;
mod interrupt;
mod model;
mod process;
mod public_api;
mod purity;
mod rust;
mod screenshots;
mod soak;
mod steps;
mod test;
mod trials;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "cargo xtask", about = "Every chore of this repository", version)]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    /// Everything that CI checks, with the duration of each step
    Ci,
    /// All tests, with private engines (PostgreSQL, Redis, NATS, Chromium, Node, Python)
    Test(test::Options),
    /// Proves the dependency directions between the crates, and that nothing below the line does I/O
    Purity,
    /// Builds every library by itself, with the features that it asks for and no others
    Alone,
    /// Proves that the libraries' public signatures show no foreign types but those that are agreed on
    PublicApi,
    /// Licences, bans and sources of all dependencies (cargo-deny, offline)
    Deny,
    /// Model-checks the refresh protocol over millions of states
    Model,
    /// Kills processes and databases while they refresh tokens
    Crash(trials::Crash),
    /// SDK and sandbox through months of faults, under a virtual clock; any seed can be lived through again
    Simulate(trials::Simulate),
    /// Takes the pictures in `docs/` anew, while browser tests click through the quickstart and every page of the sandbox
    Screenshots,
    /// Fuzzes headers, verifier, events and explain
    Fuzz(fuzz::Options),
    /// Measures against peers, for docs/performance.md
    Bench {
        #[command(subcommand)]
        what: bench::What,
    },
    /// Runs one thing many times and stops at its first failure
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

fn run(chore: &Chore) -> anyhow::Result<()> {
    interrupt::listen()?;
    match chore {
        Chore::Ci => ci::run(),
        Chore::Test(options) => test::run(options),
        Chore::Purity => purity::run(),
        Chore::Alone => alone::run(),
        Chore::PublicApi => public_api::run(),
        Chore::Deny => deny::run(),
        Chore::Model => model::run(),
        Chore::Crash(options) => trials::crash(options),
        Chore::Simulate(options) => trials::simulate(options),
        Chore::Screenshots => screenshots::run(),
        Chore::Fuzz(options) => fuzz::run(options),
        Chore::Bench { what } => bench::run(what),
        Chore::Soak { what } => soak::run(what),
    }
}
