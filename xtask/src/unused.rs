//! Finds dependencies that no code uses, and those that only tests use and that stand among the others (cargo-shear).

use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::tools::Tool;
use crate::workspace::root;

const CARGO_SHEAR: Tool = Tool {
    name: "cargo-shear",
    version: "1.14.0",
};

/// An error if there are any.
pub(crate) fn run() -> Result<()> {
    let Some(tool) = CARGO_SHEAR.path_or_skip()? else {
        return Ok(());
    };
    process::run(Command::new(tool).arg("shear").current_dir(root()?))
}
