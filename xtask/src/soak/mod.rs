//! Repeats one scenario and stops at its first failure.

mod evidence;
mod spread;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::clock::{Stopwatch, human};
use crate::process::{self, tail};
use crate::trials;
use crate::workspace::{cargo, target_directory};
pub(crate) use evidence::Evidence;
use spread::Spread;

/// The scenarios.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum What {
    /// Repeats `revento quickstart --headless`
    Quickstart {
        /// Number of runs
        #[arg(long, default_value_t = 50)]
        times: u32,
        /// Uses the test build instead of a release build
        #[arg(long)]
        debug: bool,
    },
    /// Lets a mirror follow days of changes and faults, with a virtual clock, and compares it with the platform
    Mirror {
        /// Number of days
        #[arg(long, default_value_t = 30)]
        days: u32,
        /// Number of participants in the beginning
        #[arg(long, default_value_t = 10_000)]
        people: u32,
        /// Seed of the random choices
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Uses the test build instead of a release build
        #[arg(long)]
        debug: bool,
    },
}

impl What {
    /// The options of CI: a short run with the test build.
    pub(crate) fn smoke() -> Self {
        Self::Quickstart {
            times: 3,
            debug: true,
        }
    }
}

/// Runs a scenario.
pub(crate) fn run(what: &What) -> Result<()> {
    match *what {
        What::Quickstart { times, debug } => quickstarts(times, debug),
        What::Mirror {
            days,
            people,
            seed,
            debug,
        } => {
            let mut command = Command::new(trials::build(debug)?);
            command.arg("mirror");
            command.args(["--days", &days.to_string(), "--people", &people.to_string()]);
            process::run(command.args(["--seed", &seed.to_string()]))
        }
    }
}

/// Prints one line for each run, then the spread of the durations.
fn quickstarts(times: u32, debug: bool) -> Result<()> {
    let program = build(debug)?;
    let mut durations = Vec::new();
    for run in 1..=times {
        let watch = Stopwatch::start();
        let walked = quickstart(&program).with_context(|| format!("run {run} of {times}"))?;
        durations.push(watch.elapsed());
        println!("{run:>4}/{times} ✓ {:>8}  {walked}", human(watch.elapsed()));
    }
    if let Some(spread) = Spread::of(durations) {
        println!("quickstart {times} times: {spread}");
    }
    Ok(())
}

/// Builds the command. The debug build has the arguments of the test build, so that it compiles nothing after the tests.
pub(crate) fn build(debug: bool) -> Result<PathBuf> {
    let (arguments, folder): (&[&str], _) = if debug {
        (
            &[
                "build",
                "--workspace",
                "--all-features",
                "--bin",
                "revento",
                "--tests",
            ],
            "debug",
        )
    } else {
        (&["build", "--release", "--bin", "revento"], "release")
    };
    process::run(&mut cargo(arguments)?)?;
    Ok(target_directory()?
        .join(folder)
        .join("revento")
        .with_extension(std::env::consts::EXE_EXTENSION))
}

/// One run in an empty folder.
pub(crate) fn quickstart(program: &Path) -> Result<Evidence> {
    let folder = tempfile::tempdir()?;
    let mut command = Command::new(program);
    command
        .current_dir(folder.path())
        .args(["quickstart", "--headless", "--json"]);
    let output = process::output(&mut command)?;
    let said = String::from_utf8_lossy(&output.stdout);
    let told = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!(
            "the walk failed ({}):\n{}\n{}",
            output.status,
            tail(&said, 40),
            tail(&told, 40)
        );
    }
    evidence::read(&said).with_context(|| format!("the quickstart passed, but printed:\n{}", tail(&said, 40)))
}
