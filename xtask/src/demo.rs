//! Shows a deployment at work, on this machine and with private servers.

use std::env::consts::EXE_EXTENSION;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::engines::Restartable;
use crate::process;
use crate::workspace::{cargo, target_directory};

/// What to show.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum What {
    /// Two replicas of `examples/actix-service` on PostgreSQL behind a proxy: they connect an event, sign a participant in, handle
    /// webhooks and refresh a token; one is killed and comes back. Prints what each did, and fails if a step did not hold
    Replicas,
}

/// Shows it.
pub(crate) fn run(what: &What) -> Result<()> {
    match what {
        What::Replicas => replicas(),
    }
}

fn replicas() -> Result<()> {
    process::run(&mut cargo(&["build", "--package", "revento-trials"])?)?;
    let program = target_directory()?.join("debug").join("revento-trials");
    let postgres = Restartable::postgres().context("the replicas need PostgreSQL")?;
    let server = postgres.start()?;
    let mut command = Command::new(program.with_extension(EXE_EXTENSION));
    command.args(["replicas", "--postgres-url", &postgres.url]);
    let shown = process::run(&mut command);
    drop(server);
    shown
}
