//! Measures the mirror: the full read, and webhooks.

use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::trials;

/// Options of `bench mirror`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Prints ratios as JSON instead of tables
    #[arg(long)]
    json: bool,
    /// Runs for seconds only, with the test build; the numbers mean little
    #[arg(long)]
    quick: bool,
}

pub(super) fn run(options: &Options) -> Result<()> {
    let mut command = Command::new(trials::build(options.quick)?);
    command.arg("mirror-bench");
    let flags = [("--json", options.json), ("--quick", options.quick)];
    command.args(flags.into_iter().filter_map(|(flag, on)| on.then_some(flag)));
    process::run(&mut command)
}
