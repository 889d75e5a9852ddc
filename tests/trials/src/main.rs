//! Trials that take too long for a test or kill processes: `cargo xtask crash`, `simulate`, `demo replicas`, `bench session`,
//! `bench inbox`.
#![allow(clippy::print_stdout, reason = "a trial reports to the person who runs it")]

#[cfg(unix)]
mod crash;
mod inbox;
mod ledger;
mod mirror;
mod mirror_bench;
mod random;
#[cfg(unix)]
mod replicas;
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
    /// Lets a mirror follow a month of changes and faults
    Mirror(mirror::Options),
    /// Measures the mirror against reads without one, and against an inbox whose handlers do nothing
    MirrorBench(mirror_bench::Options),
    /// Measures the cost of a session
    Session(session::Options),
    /// Measures the inbox against the disk and against engines by hand
    Inbox(inbox::Options),
    /// A receiver of webhooks that is measured
    #[command(hide = true)]
    InboxServer(inbox::ServerOptions),
    /// Runs two replicas of a service behind a proxy, and kills one
    #[cfg(unix)]
    Replicas(replicas::Options),
    /// One of the processes that are killed
    #[cfg(unix)]
    #[command(hide = true)]
    Worker(crash::WorkerOptions),
    /// One of the replicas
    #[cfg(unix)]
    #[command(hide = true)]
    Replica(replicas::ReplicaOptions),
}

fn main() -> ExitCode {
    let done = match Cli::parse().trial {
        #[cfg(unix)]
        Trial::Crash(options) => crash::run(options),
        Trial::Simulate(options) => simulate::run(&options),
        Trial::Mirror(options) => mirror::run(&options),
        Trial::MirrorBench(options) => mirror_bench::run(&options),
        Trial::Session(options) => session::run(&options),
        Trial::Inbox(options) => inbox::run(&options),
        Trial::InboxServer(options) => inbox::serve(&options),
        #[cfg(unix)]
        Trial::Replicas(options) => replicas::run(&options),
        #[cfg(unix)]
        Trial::Worker(options) => crash::work(options),
        #[cfg(unix)]
        Trial::Replica(options) => replicas::run_replica(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
