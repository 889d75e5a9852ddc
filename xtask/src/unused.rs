//! Finds dependencies that no code uses (cargo-machete).

use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::tools::Tool;
use crate::workspace::root;

const CARGO_MACHETE: Tool = Tool {
    name: "cargo-machete",
    version: "0.9.2",
};

/// An error if there are any. A manifest lists the exceptions in `package.metadata.cargo-machete`.
pub(crate) fn run() -> Result<()> {
    let Some(tool) = CARGO_MACHETE.path_or_skip()? else {
        return Ok(());
    };
    process::run(Command::new(tool).current_dir(root()?))
}
