//! `revento ops`: looks into the stores of a service, and repairs them while it runs. No output contains a secret.

mod check;
mod connections;
mod deletions;
mod inbox;
mod key_files;
mod keys;
mod stores;

use std::time::Duration;

use anyhow::Result;
pub(crate) use check::CouldNotLook;
use key_files::{OptionalKeys, RequiredKeys};
use revento::{
    Timestamp,
    store::{Clock, SystemClock},
    types::text::printable,
};
use stores::{StoreArguments, Stores};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List, show and end connections: status, reason, expiries.
    #[command(subcommand)]
    Connections(connections::Command),
    /// Count and show deliveries, list the buried ones, queue them again, delete their bodies.
    #[command(subcommand)]
    Inbox(inbox::Command),
    /// List data that has to be deleted, and record that it was.
    #[command(subcommand)]
    Deletions(deletions::Command),
    /// Find out what is sealed under which key, and seal it under a new one.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Check a service's stores, for a monitor: exit code 1 if a person has to act.
    Check(check::Arguments),
}

pub(crate) async fn run(command: Command) -> Result<()> {
    match command {
        Command::Connections(command) => connections::run(command).await,
        Command::Inbox(command) => inbox::run(command).await,
        Command::Deletions(command) => deletions::run(command).await,
        Command::Keys(command) => keys::run(command).await,
        Command::Check(arguments) => check::run(arguments).await,
    }
}

fn now() -> Timestamp {
    SystemClock.now()
}

/// How far away a time is: `in 3 h`, `5 min ago`.
fn from_now(time: Timestamp, now: Timestamp) -> String {
    if time >= now {
        format!("in {}", rough(time.saturating_since(now)))
    } else {
        format!("{} ago", rough(now.saturating_since(time)))
    }
}

/// The largest unit of a duration that fits.
fn rough(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

fn shown(text: &str) -> String {
    printable(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_in_the_largest_unit_that_fits() {
        let at = Timestamp::from_unix_seconds;
        for (seconds, text) in [
            (0, "in 0 s"),
            (119, "in 119 s"),
            (3600, "in 60 min"),
            (86_400, "in 24 h"),
            (259_200, "in 3 d"),
            (-1, "1 s ago"),
            (-7200, "2 h ago"),
        ] {
            assert_eq!(from_now(at(1_000_000 + seconds), at(1_000_000)), text);
        }
    }
}
