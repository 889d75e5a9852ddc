//! Measures the cost of a token.

use std::process::Command;

use anyhow::Result;

use crate::engines::Restartable;
use crate::process;
use crate::trials;

pub(super) fn run(json: bool) -> Result<()> {
    let mut command = Command::new(trials::build(false)?);
    command.arg("session");
    if json {
        command.arg("--json");
    }
    let postgres = Restartable::postgres()?;
    let _server = postgres.start()?;
    process::run(command.args(["--postgres-url", &postgres.url]))
}
