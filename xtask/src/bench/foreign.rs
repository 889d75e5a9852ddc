//! Receivers in JavaScript: their packages from npm, in a folder of their own.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::workspace::{root, target_directory};

/// Copies a receiver of `benches/foreign` to the build folder and installs its packages. `None` if npm cannot.
pub(super) fn with_npm(name: &str, what: &str) -> Result<Option<PathBuf>> {
    let sources = root()?.join("benches/foreign").join(name);
    let home = target_directory()?.join(format!("bench-{name}"));
    std::fs::create_dir_all(&home)?;
    for file in ["package.json", "server.mjs"] {
        std::fs::copy(sources.join(file), home.join(file))?;
    }
    let mut install = Command::new("npm");
    install
        .args(["install", "--no-audit", "--no-fund", "--silent"])
        .current_dir(&home);
    if !home.join("node_modules").exists() && process::run(&mut install).is_err() {
        println!("skipped: {what} (npm cannot install it here)");
        return Ok(None);
    }
    Ok(Some(home))
}
