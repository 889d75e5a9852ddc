//! What a token costs.

use anyhow::Result;

use crate::process;
use crate::workspace::cargo;

pub(super) fn run() -> Result<()> {
    process::run(&mut cargo(&["bench", "-p", "revento-api", "--bench", "session"])?)
}
