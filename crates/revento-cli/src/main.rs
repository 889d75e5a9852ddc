//! The `revento` command: a local platform, and the quickest way to see an integration work on it.
//!
//! Exit codes: 0 success, 1 a check or a start failed, 2 the command line is wrong.

mod export;
mod files;
mod output;
mod ports;
mod quickstart;
mod sandbox;
mod stop;

use std::{
    env,
    io::{self, IsTerminal},
    process::ExitCode,
};

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

/// Develop and test Revento integrations on your own machine.
#[derive(Debug, Parser)]
#[command(name = "revento", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the platform and an example integration, and see them work together.
    Quickstart(quickstart::Arguments),
    /// Start the platform alone, for an integration in any language.
    Sandbox(sandbox::Arguments),
    /// Write what a connected event holds to a file, at the pace that the platform allows.
    #[command(subcommand)]
    Export(export::What),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("error"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(in_colour())
        .init();
    let outcome = match arguments.command {
        Command::Quickstart(arguments) => quickstart::run(arguments).await,
        Command::Sandbox(arguments) => sandbox::run(arguments).await,
        Command::Export(what) => export::run(what).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&error);
            ExitCode::FAILURE
        }
    }
}

/// Colour is for people who have not said no to it (<https://no-color.org>).
fn in_colour() -> bool {
    io::stderr().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
