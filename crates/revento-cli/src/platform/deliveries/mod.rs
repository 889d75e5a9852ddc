//! `revento deliveries`: the sandbox's webhook delivery log, and recordings of it.

mod list;
mod record;
mod redrive;
mod replay;
mod selection;
mod show;

use anyhow::Result;
use revento::types::text::printable;
use serde_json::Value;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the newest deliveries, the oldest of them first.
    List(list::Arguments),
    /// Show a delivery: its body, and the headers and answer of each attempt.
    Show(show::Arguments),
    /// Let the sandbox send deliveries again, once each. A replay keeps the delivery id.
    Replay(replay::Arguments),
    /// Write deliveries to a file, for `redrive` and for tests.
    Record(record::Arguments),
    /// Send the deliveries in a file to a URL, signed with the current time. Needs no sandbox.
    Redrive(redrive::Arguments),
}

pub(crate) async fn run(command: Command) -> Result<()> {
    match command {
        Command::List(arguments) => list::run(&arguments).await,
        Command::Show(arguments) => show::run(&arguments).await,
        Command::Replay(arguments) => replay::run(&arguments).await,
        Command::Record(arguments) => record::run(&arguments).await,
        Command::Redrive(arguments) => redrive::run(&arguments).await,
    }
}

/// What became of an attempt.
fn outcome(attempt: &Value) -> String {
    match attempt.get("error").and_then(Value::as_str) {
        Some(error) => format!("failed: {}", printable(error)),
        None => field(attempt, "status"),
    }
}

fn field(value: &Value, name: &str) -> String {
    value.get(name).map(text).unwrap_or_default()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::String(text) => printable(text).to_string(),
        other => other.to_string(),
    }
}
