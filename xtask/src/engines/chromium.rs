//! Chromium behind its WebDriver. The driver starts a browser for each session and ends it with the session.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::programs::require;
use super::server::{self, Manners};
use super::{Engine, Engines, Running};
use crate::process::Signal;

const MANNERS: Manners = Manners {
    stop: Signal::Terminate,
    ready: "was started successfully",
};
const BROWSERS: &[&str] = &[
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
];

#[derive(Debug)]
pub(super) struct Chromium;

impl Engine for Chromium {
    fn name(&self) -> &'static str {
        "Chromium"
    }

    fn packages(&self) -> &'static [&'static str] {
        &["chromium", "chromium-driver"]
    }

    fn variables(&self) -> &'static [&'static str] {
        &["REVENTO_TEST_WEBDRIVER", "REVENTO_TEST_CHROMIUM"]
    }

    fn installed(&self) -> Result<(), String> {
        programs().map(drop)
    }

    fn start(&self, _: &Engines) -> Result<Running> {
        let (driver, browser) = programs().map_err(anyhow::Error::msg)?;
        let (server, port) = server::start(server::folder()?, MANNERS, |folder, port| {
            let mut command = Command::new(&driver);
            command.arg(format!("--port={port}")).current_dir(folder);
            // Dropping the server deletes profiles and caches.
            for name in ["TMPDIR", "HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
                command.env(name, folder);
            }
            Ok(command)
        })?;
        let values = vec![
            format!("http://127.0.0.1:{port}"),
            browser.to_string_lossy().into_owned(),
        ];
        Ok(Running {
            values,
            servers: vec![server],
        })
    }
}

fn programs() -> Result<(PathBuf, PathBuf), String> {
    Ok((require(&["chromedriver"])?, require(BROWSERS)?))
}
