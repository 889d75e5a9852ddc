//! Programs from the registry that a command needs: pinned, built once into `target/tools`, never into the user's home.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::process;
use crate::workspace::{cargo, target_directory};

/// A package of the registry with one program of the same name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
}

impl Tool {
    /// The path of the program. Installs it if it is missing.
    pub(crate) fn path(&self) -> Result<PathBuf> {
        let home = target_directory()?
            .join("tools")
            .join(format!("{}-{}", self.name, self.version));
        let program = home
            .join("bin")
            .join(self.name)
            .with_extension(std::env::consts::EXE_EXTENSION);
        if !program.exists() {
            println!("building {} {} into {}", self.name, self.version, home.display());
            self.install(&home)?;
        }
        Ok(program)
    }

    /// The same for a command that a machine without a network skips: prints one line, and returns `None`.
    pub(crate) fn path_or_skip(&self) -> Result<Option<PathBuf>> {
        match self.path() {
            Ok(path) => Ok(Some(path)),
            Err(error) => {
                crate::interrupt::check()?;
                println!(
                    "skipped: {} {} is not installed ({error:#})",
                    self.name, self.version
                );
                Ok(None)
            }
        }
    }

    /// Builds without optimization: that takes a third of the time, and the tools are still fast enough.
    fn install(&self, home: &Path) -> Result<()> {
        let arguments = [
            "install",
            self.name,
            "--locked",
            "--quiet",
            "--debug",
            "--config",
            "profile.dev.debug=false",
        ];
        process::run(
            cargo(&arguments)?
                .args(["--version", self.version, "--root"])
                .arg(home),
        )
    }
}
