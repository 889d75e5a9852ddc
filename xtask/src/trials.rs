//! Trials that are too long, or too rough, for a test. They live in `tests/trials`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::engines::Restartable;
use crate::process;
use crate::workspace::{cargo, target_directory};

/// How to crash.
#[derive(Debug, clap::Args)]
pub(crate) struct Crash {
    /// How many processes to kill, on each engine
    #[arg(long, default_value_t = 300)]
    kills: u32,
    /// Which chances to take
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// With the build of the tests instead of a release build
    #[arg(long)]
    debug: bool,
}

impl Crash {
    /// Short, and with what the tests have built already.
    pub(crate) fn smoke() -> Self {
        Self {
            kills: 16,
            seed: 1,
            debug: true,
        }
    }
}

/// What to simulate.
#[derive(Debug, clap::Args)]
pub(crate) struct Simulate {
    /// How many worlds to live through
    #[arg(long, default_value_t = 200)]
    seeds: u64,
    /// Only this one, with a line for everything that happens in it
    #[arg(long)]
    seed: Option<u64>,
    /// With the build of the tests instead of a release build
    #[arg(long)]
    debug: bool,
}

impl Simulate {
    /// With what the tests have built already.
    pub(crate) fn smoke() -> Self {
        Self {
            seeds: 200,
            seed: None,
            debug: true,
        }
    }
}

/// Months of faults under a virtual clock.
pub(crate) fn simulate(options: &Simulate) -> Result<()> {
    let mut command = Command::new(build(options.debug)?);
    command.arg("simulate");
    match options.seed {
        Some(seed) => command.args(["--seed", &seed.to_string()]),
        None => command.args(["--seeds", &options.seeds.to_string()]),
    };
    process::run(&mut command)
}

/// Kills processes and databases while they refresh.
pub(crate) fn crash(options: &Crash) -> Result<()> {
    let mut command = Command::new(build(options.debug)?);
    command
        .arg("crash")
        .args(["--kills", &options.kills.to_string()])
        .args(["--seed", &options.seed.to_string()]);
    let postgres = Restartable::prepare();
    match &postgres {
        Ok(server) => {
            command.args(["--postgres-url", &server.url]);
            command.args(["--postgres-command", &serde_json::to_string(&server.words)?]);
        }
        Err(error) => println!("PostgreSQL cannot be started here: {error:#}"),
    }
    process::run(&mut command)
}

/// The debug build asks for exactly what the tests ask for, so that after them nothing is compiled.
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
