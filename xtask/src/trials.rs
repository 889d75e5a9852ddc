//! Runs the trials of `tests/trials`: they take too long for a test, or kill processes.

use std::fmt;
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
    let mut servers = Vec::new();
    for engine in [Engine::PostgreSql, Engine::MariaDb, Engine::Nats] {
        match engine.hand_to(&mut command) {
            Ok(server) => servers.extend(server),
            Err(error) => println!("{engine} cannot be started here: {error:#}"),
        }
    }
    process::run(&mut command)
}

/// The engines that the crash trial kills, or whose users it kills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    PostgreSql,
    MariaDb,
    Nats,
}

impl Engine {
    pub(crate) const ALL: [Self; 4] = [Self::Sqlite, Self::PostgreSql, Self::MariaDb, Self::Nats];

    /// Adds the arguments of the trial that name its server. The data of the server lasts as long as the value that is returned.
    pub(crate) fn hand_to(self, command: &mut Command) -> Result<Option<Restartable>> {
        let (option, server) = match self {
            Self::Sqlite => return Ok(None),
            Self::Nats => {
                command.arg("--nats-server").arg(nats_server()?);
                return Ok(None);
            }
            Self::PostgreSql => ("--postgres", Restartable::postgres()?),
            Self::MariaDb => ("--mysql", Restartable::mariadb()?),
        };
        command.args([&format!("{option}-url"), &server.url]);
        command.args([
            &format!("{option}-command"),
            &serde_json::to_string(&server.words)?,
        ]);
        Ok(Some(server))
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::PostgreSql => "PostgreSQL",
            Self::MariaDb => "MariaDB",
            Self::Nats => "NATS",
        })
    }
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
