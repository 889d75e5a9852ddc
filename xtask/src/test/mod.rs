//! Runs all tests once, with private engines.
//!
//! cargo runs the test binaries one after the other. Most of them wait for engines, so several run at the same time here. cargo builds
//! them and says how it would run each ([`recording`]); [`side_by_side`] runs them.

mod recording;
mod side_by_side;

use std::process::Command;

use anyhow::{Result, bail};

use crate::engines::Engines;
use crate::process;
use crate::workspace::{self, cargo};
pub(crate) use recording::record;

/// How many test binaries run at the same time. With more of them, tests reach their time limits on two cores.
const AT_ONCE: usize = 3;

/// Options of `test`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Fail when an engine is missing, instead of skipping its tests
    #[arg(long)]
    require_all: bool,
    /// Tests this package only (may be repeated)
    #[arg(short, long = "package", value_name = "PACKAGE")]
    packages: Vec<String>,
    /// How many test binaries run at the same time
    #[arg(long, default_value_t = AT_ONCE, value_name = "COUNT")]
    at_once: usize,
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
            at_once: AT_ONCE,
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
    let tests = cargo_test(options, &["--tests"])?;
    run_tests(
        &engines,
        tests,
        options,
        options.packages.is_empty(),
        doc_tests(options)?,
    )
}

/// The same for all packages of another workspace: `cargo_test` makes a `cargo test` there, with more arguments.
pub(crate) fn run_elsewhere(cargo_test: impl Fn(&str) -> Result<Command>) -> Result<()> {
    let options = Options {
        require_all: false,
        ..Options::require_all()
    };
    let doc_tests = Some(cargo_test("--doc")?);
    run_tests(
        &Engines::start()?,
        cargo_test("--tests")?,
        &options,
        true,
        doc_tests,
    )
}

fn run_tests(
    engines: &Engines,
    mut tests: Command,
    options: &Options,
    is_brief: bool,
    doc_tests: Option<Command>,
) -> Result<()> {
    engines.hand_to(&mut tests);
    let binaries = recording::binaries(&mut tests, &options.arguments)?;
    let failed = side_by_side::run(binaries, options.at_once.max(1), is_brief)?;
    let documented = doc_tests.map_or(Ok(()), |mut doc_tests| {
        engines.hand_to(&mut doc_tests);
        process::run(&mut doc_tests)
    });
    if !failed.is_empty() {
        bail!("these tests failed: {}", failed.join(", "));
    }
    documented
}

/// `cargo test` for the chosen packages.
fn cargo_test(options: &Options, more: &[&str]) -> Result<Command> {
    let mut command = cargo(&["test", "--all-features", "--no-fail-fast"])?;
    command.args(more);
    if options.packages.is_empty() {
        command.arg("--workspace");
    }
    for package in &options.packages {
        command.args(["--package", package]);
    }
    Ok(command)
}

/// The command that runs the doc tests. cargo refuses to if no chosen package has a library.
fn doc_tests(options: &Options) -> Result<Option<Command>> {
    let known = workspace::metadata(&workspace::root()?)?.packages;
    let is_chosen = |name: &String| options.packages.is_empty() || options.packages.contains(name);
    if !known
        .iter()
        .any(|package| is_chosen(&package.name) && package.has_library())
    {
        return Ok(None);
    }
    let mut command = cargo_test(options, &["--doc"])?;
    if !options.arguments.is_empty() {
        command.arg("--").args(&options.arguments);
    }
    Ok(Some(command))
}
