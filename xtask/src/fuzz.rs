//! Fuzzes: guided by coverage if cargo-fuzz and a nightly compiler are installed, else by mutation of the corpus.

use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::workspace::{cargo, root};

/// Options of `fuzz`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Minutes for each target, guided by coverage; needs cargo-fuzz and a nightly compiler
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
    match options.minutes {
        Some(minutes) if cargo_fuzz_is_there() => guided(minutes * 60),
        Some(minutes) => {
            println!("cargo-fuzz or a nightly compiler is missing: mutating the corpus instead");
            mutate(minutes * 60)
        }
        None => mutate(options.seconds),
    }
}

fn mutate(seconds: u64) -> Result<()> {
    let seconds = seconds.to_string();
    process::run(&mut cargo(&[
        "run",
        "--quiet",
        "--locked",
        "--release",
        "-p",
        "revento-fuzz",
        "--",
        &seconds,
    ])?)
}

fn guided(seconds: u64) -> Result<()> {
    let limit = format!("-max_total_time={seconds}");
    let directory = root()?.join("fuzz/libfuzzer");
    for target in targets()? {
        let corpus = root()?.join("fuzz/corpus").join(&target);
        // New inputs stay out of the corpus that git tracks.
        let found = directory.join("target/found").join(&target);
        std::fs::create_dir_all(&found)?;
        let mut command = Command::new("cargo");
        command
            .current_dir(&directory)
            .args(["+nightly", "fuzz", "run", "--fuzz-dir", ".", &target])
            .args([found, corpus])
            .args(["--", &limit])
            .env_remove("RUSTUP_TOOLCHAIN");
        process::run(&mut command)?;
    }
    Ok(())
}

/// The names of the targets: each has a folder in the corpus.
fn targets() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for folder in std::fs::read_dir(root()?.join("fuzz/corpus"))? {
        names.push(folder?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn cargo_fuzz_is_there() -> bool {
    let mut version = Command::new("cargo");
    version
        .args(["+nightly", "fuzz", "--version"])
        .env_remove("RUSTUP_TOOLCHAIN");
    process::stdout(&mut version).is_ok()
}
