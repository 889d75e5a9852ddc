//! The `revento` command: a local platform, an example integration on it, and tools.
//!
//! Exit codes: 0 for success, 1 if the command failed, 2 if the command line is wrong, 3 if a check could not look.

mod doctor;
mod export;
mod integration_file;
mod listen_address;
mod manual;
mod ops;
mod platform;
mod ports;
mod quickstart;
mod random_id;
mod sandbox;
mod schema;
mod stop;
mod terminal;
mod webhook;

use std::{
    env,
    io::{self, IsTerminal},
    process::ExitCode,
};

use clap::{CommandFactory, Parser, Subcommand};
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

/// Develop and test Revento integrations on your own machine.
#[derive(Debug, Parser)]
#[command(name = "revento", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start a local platform and an example integration that is connected to it.
    Quickstart(quickstart::Arguments),
    /// Start a local platform alone, for an integration in any language.
    Sandbox(sandbox::Arguments),
    /// Export the data of a connected event to a file, within the platform's rate limits.
    #[command(subcommand)]
    Export(export::Command),
    /// Forward the webhooks of a running sandbox to a program, and show them.
    Listen(platform::listen::Arguments),
    /// Make something happen on a running sandbox that sends a webhook.
    Trigger(Box<platform::trigger::Arguments>),
    /// List, show and replay the webhook deliveries of a running sandbox.
    #[command(subcommand)]
    Deliveries(platform::deliveries::Command),
    /// Certify an integration in any language: play the platform for it, and judge what it does.
    Doctor(Box<doctor::Arguments>),
    /// Verify the signature of a captured webhook, and explain a refusal.
    Verify(webhook::verify::Arguments),
    /// Sign a body as the platform signs a webhook.
    Sign(webhook::sign::Arguments),
    /// Look into the stores of a service, and repair them while it runs.
    #[command(subcommand)]
    Ops(ops::Command),
    /// Print the JSON Schema of a command's `--json` output.
    Schema(schema::Arguments),
    /// Print the completions of a shell.
    Completions(manual::CompletionsArguments),
    /// Write manual pages.
    Man(manual::ManArguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log();
    install_tls_provider();
    let result = match arguments.command {
        Command::Quickstart(arguments) => quickstart::run(arguments).await,
        Command::Sandbox(arguments) => sandbox::run(arguments).await,
        Command::Export(command) => export::run(command).await,
        Command::Listen(arguments) => platform::listen::run(arguments).await,
        Command::Trigger(arguments) => platform::trigger::run(*arguments).await,
        Command::Deliveries(command) => platform::deliveries::run(command).await,
        Command::Doctor(arguments) => return doctor::run(*arguments).await,
        Command::Verify(arguments) => webhook::verify::run(&arguments),
        Command::Sign(arguments) => webhook::sign::run(&arguments),
        Command::Ops(command) => ops::run(command).await,
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Completions(arguments) => manual::completions(&arguments, Arguments::command()),
        Command::Man(arguments) => manual::man(&arguments, Arguments::command()),
    };
    match result.and_then(|()| terminal::check_output()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::print_error(&error);
            if error.is::<ops::CouldNotLook>() {
                return ExitCode::from(3);
            }
            ExitCode::FAILURE
        }
    }
}

/// Each HTTP client of the process uses this provider. `main` runs once, so none is installed before.
fn install_tls_provider() {
    rustls::crypto::ring::default_provider().install_default().ok();
}

/// Logs errors to stderr, or what `RUST_LOG` selects by targets and levels.
fn log() {
    let chosen = env::var("RUST_LOG").ok().and_then(|text| text.parse().ok());
    let filter = chosen.unwrap_or_else(|| Targets::new().with_default(LevelFilter::ERROR));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(use_colour());
    tracing_subscriber::registry().with(filter).with(lines).init();
}

/// Only on a terminal, and not if the user has set `NO_COLOR` (<https://no-color.org>).
fn use_colour() -> bool {
    io::stderr().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
