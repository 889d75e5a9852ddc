//! Node.js with npm: a language, no server.

use std::process::Command;

use anyhow::Result;

use super::programs::require;
use super::{Engine, Engines, Running};
use crate::process;

/// The first version whose `fetch` and `crypto` need no flags.
const OLDEST: u32 = 18;

#[derive(Debug)]
pub(super) struct Node;

impl Engine for Node {
    fn name(&self) -> &'static str {
        "Node"
    }

    fn packages(&self) -> &'static [&'static str] {
        &["nodejs", "npm"]
    }

    fn variables(&self) -> &'static [&'static str] {
        &["REVENTO_TEST_NODE", "REVENTO_TEST_NPM"]
    }

    fn installed(&self) -> Result<(), String> {
        let node = require(&["node", "nodejs"])?;
        require(&["npm"])?;
        let version =
            process::stdout(Command::new(node).arg("--version")).map_err(|error| error.to_string())?;
        match major(&version) {
            Some(major) if major >= OLDEST => Ok(()),
            _ => Err(format!("Node {} is older than {OLDEST}", version.trim())),
        }
    }

    fn start(&self, _: &Engines) -> Result<Running> {
        let programs = [require(&["node", "nodejs"]), require(&["npm"])];
        let paths: Result<Vec<_>, _> = programs.into_iter().collect();
        let paths = paths.map_err(anyhow::Error::msg)?;
        Ok(Running {
            values: paths
                .iter()
                .map(|path| path.to_string_lossy().into_owned())
                .collect(),
            servers: Vec::new(),
        })
    }
}

/// `v20.1.2` is 20.
fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("v9.0.0"), Some(9));
        assert_eq!(major("20"), None);
    }
}
