//! Python with `venv` and `pip`: a language, no server.

use std::process::Command;

use anyhow::Result;

use super::programs::require;
use super::{Engine, Engines, Running};
use crate::process;

/// Prints the path of the interpreter itself: the wrapper of a version manager would choose by the current folder.
const PROBE: &str =
    "import sys, venv, ensurepip; assert sys.version_info >= (3, 9), 'older than 3.9'; print(sys.executable)";

#[derive(Debug)]
pub(super) struct Python;

impl Engine for Python {
    fn name(&self) -> &'static str {
        "Python"
    }

    fn packages(&self) -> &'static [&'static str] {
        &["python3", "python3-venv"]
    }

    fn variables(&self) -> &'static [&'static str] {
        &["REVENTO_TEST_PYTHON"]
    }

    fn installed(&self) -> Result<(), String> {
        interpreter().map(drop)
    }

    fn start(&self, _: &Engines) -> Result<Running> {
        Ok(Running {
            values: vec![interpreter().map_err(anyhow::Error::msg)?],
            servers: Vec::new(),
        })
    }
}

fn interpreter() -> Result<String, String> {
    let python = require(&["python3"])?;
    let answer = process::stdout(Command::new(python).args(["-c", PROBE]));
    let path = answer.map_err(|error| process::tail(&error.to_string(), 1))?;
    Ok(path.trim().to_owned())
}
