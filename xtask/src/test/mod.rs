//! Runs all tests once, with private engines.

use anyhow::Result;

use crate::engines::Engines;
use crate::process;
use crate::workspace::cargo;

/// Options of `test`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Fail when an engine is missing, instead of skipping its tests
    #[arg(long)]
    require_all: bool,
    /// Tests this package only (may be repeated)
    #[arg(short, long = "package", value_name = "PACKAGE")]
    packages: Vec<String>,
    /// Arguments for the test binaries: a filter, `--nocapture`, …
    #[arg(last = true)]
    arguments: Vec<String>,
}

impl Options {
    /// The options of CI: a missing engine is a failure.
    pub(crate) fn require_all() -> Self {
        Self {
            require_all: true,
            packages: Vec::new(),
            arguments: Vec::new(),
        }
    }
}

/// Starts the engines, runs all tests and doc tests, stops the engines.
pub(crate) fn run(options: &Options) -> Result<()> {
    let engines = Engines::start()?;
    if options.require_all {
        engines.require_all()?;
    }
    let mut command = cargo(&["test", "--all-features", "--no-fail-fast"])?;
    if options.packages.is_empty() {
        command.arg("--workspace");
    }
    for package in &options.packages {
        command.args(["--package", package]);
    }
    engines.hand_to(&mut command);
    if !options.arguments.is_empty() {
        command.arg("--").args(&options.arguments);
    }
    process::run(&mut command)
}
