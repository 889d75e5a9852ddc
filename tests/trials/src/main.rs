//! Trials that take too long for a test or kill processes: `cargo xtask crash`, `simulate`, `bench session`.
#![allow(clippy::print_stdout, reason = "a trial reports to the person who runs it")]

#[cfg(unix)]
mod crash;
mod ledger;
mod random;
mod session;
mod simulate;
mod tally;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(about = "Long trials of the Revento SDK")]
struct Cli {
    #[command(subcommand)]
    trial: Trial,
}

#[derive(Debug, Subcommand)]
enum Trial {
    /// Kills processes and databases while connections are refreshed
    #[cfg(unix)]
    Crash(crash::Options),
    /// Simulates months of faults, one world for each seed
    Simulate(simulate::Options),
    /// Measures the cost of a session
    Session(session::Options),
    /// One of the processes that are killed
    #[cfg(unix)]
    #[command(hide = true)]
    Worker(crash::WorkerOptions),
}

fn main() -> ExitCode {
    let done = match Cli::parse().trial {
        #[cfg(unix)]
        Trial::Crash(options) => crash::run(options),
        Trial::Simulate(options) => simulate::run(&options),
        Trial::Session(options) => session::run(&options),
        #[cfg(unix)]
        Trial::Worker(options) => crash::work(options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
