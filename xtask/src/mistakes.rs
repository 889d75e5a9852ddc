//! Lets the doctor examine the integration of `tests/doctor` for each mistake that it can make. The tests make a few of these
//! examinations.

use anyhow::Result;

use crate::process;
use crate::workspace::cargo;

/// Options of `mistakes`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Makes the mistakes only whose ids contain one of these texts, each alone
    #[arg(value_delimiter = ',')]
    parts: Vec<String>,
}

/// Runs the examinations, and prints a line for each.
pub(crate) fn run(options: &Options) -> Result<()> {
    let chosen = if options.parts.is_empty() {
        "all".to_owned()
    } else {
        options.parts.join(",")
    };
    let arguments = [
        "test",
        // As all tests are built, so that nothing is built again.
        "--workspace",
        "--all-features",
        "--test",
        "it",
        "--",
        "--nocapture",
        "each_mistake_is_found",
    ];
    process::run(cargo(&arguments)?.env("REVENTO_TEST_MISTAKES", chosen))
}
