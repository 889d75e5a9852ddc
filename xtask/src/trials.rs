//! Runs the trials of `tests/trials`: they take too long for a test, or kill processes.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::engines::{Restartable, nats_server};
use crate::process;
use crate::workspace::{cargo, target_directory};

/// Options of `crash`.
#[derive(Debug, clap::Args)]
pub(crate) struct Crash {
    /// Number of processes to kill, for each engine
    #[arg(long, default_value_t = 300)]
    kills: u32,
    /// Seed of the random choices
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Uses the test build instead of a release build
    #[arg(long)]
    debug: bool,
}

impl Crash {
    /// The options of CI: a short run with the test build.
    pub(crate) fn smoke() -> Self {
        Self {
            kills: 16,
            seed: 1,
            debug: true,
        }
    }
}

/// Options of `simulate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Simulate {
    /// Number of simulated worlds
    #[arg(long, default_value_t = 200)]
    seeds: u64,
    /// Simulates this world only, and prints each of its events
    #[arg(long)]
    seed: Option<u64>,
    /// Uses the test build instead of a release build
    #[arg(long)]
    debug: bool,
}

impl Simulate {
    /// The options of CI: the test build.
    pub(crate) fn smoke() -> Self {
        Self {
            seeds: 200,
            seed: None,
            debug: true,
        }
    }
}

/// Simulates months of faults under a virtual clock.
pub(crate) fn simulate(options: &Simulate) -> Result<()> {
    let mut command = Command::new(build(options.debug)?);
    command.arg("simulate");
    match options.seed {
        Some(seed) => command.args(["--seed", &seed.to_string()]),
        None => command.args(["--seeds", &options.seeds.to_string()]),
    };
    process::run(&mut command)
}

/// Kills processes and databases while they refresh tokens.
pub(crate) fn crash(options: &Crash) -> Result<()> {
    let mut command = Command::new(build(options.debug)?);
    command
        .arg("crash")
        .args(["--kills", &options.kills.to_string()])
        .args(["--seed", &options.seed.to_string()]);
    let postgres = Restartable::postgres();
    match &postgres {
        Ok(server) => {
            command.args(["--postgres-url", &server.url]);
            command.args(["--postgres-command", &serde_json::to_string(&server.words)?]);
        }
        Err(error) => println!("PostgreSQL cannot be started here: {error:#}"),
    }
    let mariadb = Restartable::mariadb();
    match &mariadb {
        Ok(server) => {
            command.args(["--mysql-url", &server.url]);
            command.args(["--mysql-command", &serde_json::to_string(&server.words)?]);
        }
        Err(error) => println!("MariaDB cannot be started here: {error:#}"),
    }
    match nats_server() {
        Ok(program) => drop(command.arg("--nats-server").arg(program)),
        Err(error) => println!("NATS cannot be started here: {error:#}"),
    }
    process::run(&mut command)
}

/// Builds the trials. The debug build has the arguments of the test build, so that it compiles nothing after the tests.
pub(crate) fn build(debug: bool) -> Result<PathBuf> {
    let (arguments, folder): (&[&str], _) = if debug {
        (
            &[
                "build",
                "--workspace",
                "--all-features",
                "--bin",
                "revento-trials",
                "--tests",
            ],
            "debug",
        )
    } else {
        (&["build", "--release", "-p", "revento-trials"], "release")
    };
    process::run(&mut cargo(arguments)?)?;
    Ok(target_directory()?
        .join(folder)
        .join("revento-trials")
        .with_extension(std::env::consts::EXE_EXTENSION))
}
