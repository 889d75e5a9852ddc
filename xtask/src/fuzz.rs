//! Fuzzes: guided by coverage, which needs a nightly compiler, or by mutation of the corpus.

use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::tools::Tool;
use crate::workspace::{cargo, root, target_directory};

const CARGO_FUZZ: Tool = Tool {
    name: "cargo-fuzz",
    version: "0.13.2",
};

/// Options of `fuzz`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Minutes for each target, guided by coverage; needs a nightly compiler
    #[arg(long)]
    minutes: Option<u64>,
    /// Seconds for each target, by mutation of the corpus; needs no tools
    #[arg(long, default_value_t = 10, conflicts_with = "minutes")]
    seconds: u64,
}

impl Options {
    /// The options of CI.
    pub(crate) fn smoke() -> Self {
        Self {
            minutes: None,
            seconds: 10,
        }
    }
}

/// Fuzzes every target. The first panic is an error.
pub(crate) fn run(options: &Options) -> Result<()> {
    let Some(minutes) = options.minutes else {
        return process::run(&mut mutating(options.seconds)?);
    };
    for target in targets()? {
        process::run(&mut guided(&target, minutes * 60)?)?;
    }
    Ok(())
}

/// Mutates the corpus of each target for some seconds.
pub(crate) fn mutating(seconds: u64) -> Result<Command> {
    let mut command = cargo(&[
        "run",
        "--quiet",
        "--locked",
        "--release",
        "-p",
        "revento-fuzz",
        "--",
    ])?;
    command.arg(seconds.to_string());
    Ok(command)
}

/// Fuzzes a target for some seconds, guided by coverage. Further arguments are libFuzzer's. Needs a nightly compiler, and installs cargo-fuzz.
///
/// No crate of ours has unsafe code, so sanitizers would only make it slower.
pub(crate) fn guided(target: &str, seconds: u64) -> Result<Command> {
    let fuzz = CARGO_FUZZ.path()?;
    let directory = root()?.join("fuzz/libfuzzer");
    let corpus = root()?.join("fuzz/corpus").join(target);
    // New inputs stay out of the corpus that git tracks.
    let found = target_directory()?.join("fuzz/found").join(target);
    std::fs::create_dir_all(&found)?;
    let mut command = Command::new(fuzz);
    command
        .current_dir(&directory)
        .args(["fuzz", "run", "--fuzz-dir", ".", "--sanitizer", "none"])
        .arg("--target-dir")
        .arg(target_directory()?.join("fuzz/build"))
        .arg(target)
        .args([found, corpus])
        .args(["--", &format!("-max_total_time={seconds}")])
        .env("RUSTUP_TOOLCHAIN", "nightly")
        .env_remove("CARGO");
    Ok(command)
}

/// The names of the targets: each has a folder in the corpus.
pub(crate) fn targets() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for folder in std::fs::read_dir(root()?.join("fuzz/corpus"))? {
        names.push(folder?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
