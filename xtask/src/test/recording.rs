//! How cargo would run each test binary: its program, arguments, folder and environment.
//!
//! cargo runs test binaries through a *runner* if it has one. The runner here is this program: it writes down how it was called, and runs
//! nothing. So each test gets exactly what cargo gives it, such as the variables that trybuild and insta read.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::process;

/// Names the file that the recordings go to.
const INTO: &str = "XTASK_RECORD_INTO";

/// How a test binary is run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Binary {
    program: PathBuf,
    arguments: Vec<String>,
    folder: PathBuf,
    environment: BTreeMap<String, String>,
}

impl Binary {
    /// The package and the target, such as `revento-api it`.
    pub(super) fn name(&self) -> String {
        let file = self.program.file_stem().unwrap_or_default().to_string_lossy();
        // cargo ends the name with a hash.
        let target = file.rsplit_once('-').map_or(&*file, |(target, _)| target);
        match self.environment.get("CARGO_PKG_NAME") {
            Some(package) => format!("{package} {target}"),
            None => target.to_owned(),
        }
    }

    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .current_dir(&self.folder)
            .env_clear()
            .envs(&self.environment);
        command
    }
}

/// Builds the tests of a `cargo test` command, and returns its test binaries without running them.
pub(super) fn binaries(cargo_test: &mut Command, arguments: &[String]) -> Result<Vec<Binary>> {
    let scratch = tempfile::tempdir()?;
    let file = scratch.path().join("binaries");
    std::fs::write(&file, "")?;
    let runner = std::env::current_exe()?;
    // A list, so that a blank in the path separates nothing.
    let runner = serde_json::to_string(&[&*runner.to_string_lossy(), "record"])?;
    cargo_test
        .args(["--config", &format!("target.'cfg(all())'.runner = {runner}")])
        .env(INTO, &file);
    if !arguments.is_empty() {
        cargo_test.arg("--").args(arguments);
    }
    process::run(cargo_test)?;
    let recorded = std::fs::read_to_string(&file)?;
    let parse = |line: &str| serde_json::from_str(line).context("a recording is cut");
    recorded.lines().map(parse).collect()
}

/// Writes down how cargo has called this program as a runner.
pub(crate) fn record(call: &[String]) -> Result<()> {
    let into =
        std::env::var_os(INTO).with_context(|| format!("{INTO} is not set: `record` is for `test`"))?;
    let (program, arguments) = call.split_first().context("cargo has named no program")?;
    let binary = Binary {
        program: PathBuf::from(program),
        arguments: arguments.to_vec(),
        folder: std::env::current_dir()?,
        environment: environment(),
    };
    append(Path::new(&into), &serde_json::to_string(&binary)?)
}

/// The variables that are Unicode: those of cargo are.
fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name != INTO)
        .collect()
}

fn append(file: &Path, line: &str) -> Result<()> {
    let mut file = std::fs::OpenOptions::new().append(true).open(file)?;
    Ok(file.write_all(format!("{line}\n").as_bytes())?)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_binary_is_run_as_cargo_would() {
        let folder = tempfile::tempdir().unwrap();
        let binary = Binary {
            program: PathBuf::from("/bin/sh"),
            arguments: ["-c", "echo $PWD $CARGO_PKG_NAME $HOME"]
                .map(str::to_owned)
                .to_vec(),
            folder: folder.path().canonicalize().unwrap(),
            environment: BTreeMap::from([("CARGO_PKG_NAME".to_owned(), "revento-api".to_owned())]),
        };
        let line = serde_json::to_string(&binary).unwrap();
        let again: Binary = serde_json::from_str(&line).unwrap();
        assert_eq!(again.name(), "revento-api sh");
        let said = process::stdout(&mut again.command()).unwrap();
        assert_eq!(said.trim(), format!("{} revento-api", binary.folder.display()));
    }

    #[test]
    fn the_hash_of_cargo_is_not_part_of_a_name() {
        let binary = Binary {
            program: PathBuf::from("target/debug/deps/a_restored_backup-79b60af1e27537fb"),
            arguments: Vec::new(),
            folder: PathBuf::new(),
            environment: BTreeMap::new(),
        };
        assert_eq!(binary.name(), "a_restored_backup");
    }
}
