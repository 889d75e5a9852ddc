//! The lines and branches of the published crates that the tests run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};
use serde::Deserialize;

use super::{Home, Part, Step};
use crate::engines::{self, Engines};
use crate::process::{self, tail};
use crate::tools::Tool;
use crate::workspace::{cargo, root, target_directory};

const CARGO_LLVM_COV: Tool = Tool {
    name: "cargo-llvm-cov",
    version: "0.9.1",
};
/// LLVM of the compiler in `rust-toolchain.toml`: an older one cannot read the compiler's profiles.
const LLVM: &str = "22";

/// The prefixes of the counts.
pub(super) const LINES: &str = "lines";
pub(super) const BRANCHES: &str = "branches";

#[derive(Debug)]
pub(super) struct Coverage;

impl Part for Coverage {
    fn name(&self) -> String {
        "coverage".to_owned()
    }

    fn title(&self) -> String {
        "`cargo llvm-cov`: all tests with all engines, without doc tests".to_owned()
    }

    fn unit(&self) -> &'static str {
        "runs"
    }

    fn goal(&self) -> u64 {
        1
    }

    fn goes_on(&self) -> bool {
        false
    }

    fn step(&self, home: &Home, _number: u64) -> Result<Step> {
        let cover = Coverer::find()?;
        std::fs::create_dir_all(home.folder())?;
        let report = home.folder().join("llvm-cov.json");
        std::fs::remove_file(&report).ok();
        let engines = Engines::start()?;
        let mut tests = cover.command()?;
        tests
            .args(["--workspace", "--all-features", "--tests", "--branch"])
            .args(["--ignore-run-fail", "--json", "--summary-only", "--output-path"])
            .arg(&report);
        engines.hand_to(&mut tests);
        let output = process::output(&mut tests)?;
        let said = String::from_utf8_lossy(&output.stdout);
        let failed: Vec<_> = said
            .lines()
            .filter(|line| line.starts_with("test ") && line.ends_with("FAILED"))
            .map(str::to_owned)
            .collect();
        if !report.exists() {
            bail!("{}", tail(&String::from_utf8_lossy(&output.stderr), 20));
        }
        let text = std::fs::read_to_string(&report)?;
        Ok(Step {
            done: 1,
            counts: counts(&text, &root()?)?,
            findings: failed,
        })
    }
}

/// cargo-llvm-cov and the programs of LLVM that it calls.
struct Coverer {
    cover: PathBuf,
    cov: PathBuf,
    profdata: PathBuf,
}

impl Coverer {
    fn find() -> Result<Self> {
        let package = format!("llvm-{LLVM}");
        let program = |name: &str| engines::program(&format!("{name}-{LLVM}"), &[&package]);
        Ok(Self {
            cover: CARGO_LLVM_COV.path()?,
            cov: program("llvm-cov")?,
            profdata: program("llvm-profdata")?,
        })
    }

    /// Branches are an unstable option of the compiler, and the compiler of the workspace has to be used: its messages are what
    /// tests compare.
    fn command(&self) -> Result<Command> {
        // For the environment without what `cargo run` sets.
        let plain = cargo(&[])?;
        let mut command = Command::new(&self.cover);
        for (name, value) in plain.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
            .current_dir(root()?)
            .arg("llvm-cov")
            .env("RUSTC_BOOTSTRAP", "1")
            .env("LLVM_COV", &self.cov)
            .env("LLVM_PROFDATA", &self.profdata)
            .env(
                "CARGO_LLVM_COV_TARGET_DIR",
                target_directory()?.join("campaign/coverage"),
            );
        Ok(command)
    }
}

/// Adds the files of each published crate up: `lines revento-seal covered`, `lines revento-seal all` and the same of branches.
fn counts(report: &str, root: &Path) -> Result<Vec<(String, u64)>> {
    let report: Report = serde_json::from_str(report)?;
    let crates = root.join("crates");
    let mut counts = BTreeMap::<String, u64>::new();
    for file in report.data.iter().flat_map(|data| &data.files) {
        let Ok(path) = file.filename.strip_prefix(&crates) else {
            continue;
        };
        let mut parts = path.iter();
        let (Some(package), Some(folder)) = (parts.next(), parts.next()) else {
            continue;
        };
        // Modules of tests inside of a crate do not count as code that is tested.
        if folder != "src" || parts.any(|part| part == "tests" || part == "tests.rs") {
            continue;
        }
        let package = package.to_string_lossy();
        for (kind, share) in [(LINES, &file.summary.lines), (BRANCHES, &file.summary.branches)] {
            *counts.entry(format!("{kind} {package} covered")).or_default() += share.covered;
            *counts.entry(format!("{kind} {package} all")).or_default() += share.count;
        }
    }
    Ok(counts.into_iter().collect())
}

#[derive(Debug, Deserialize)]
struct Report {
    data: Vec<Data>,
}

#[derive(Debug, Deserialize)]
struct Data {
    files: Vec<File>,
}

#[derive(Debug, Deserialize)]
struct File {
    filename: PathBuf,
    summary: Summary,
}

#[derive(Debug, Deserialize)]
struct Summary {
    lines: Share,
    branches: Share,
}

#[derive(Debug, Deserialize)]
struct Share {
    count: u64,
    covered: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_sources_of_crates_count() {
        let file = |name: &str| {
            format!(
                r#"{{"filename":"/w/{name}","summary":{{"lines":{{"count":10,"covered":9}},"branches":{{"count":4,"covered":2}}}}}}"#
            )
        };
        let files = [
            "crates/a/src/lib.rs",
            "crates/a/src/b/c.rs",
            "crates/a/src/b/tests/c.rs",
            "crates/a/tests/it/main.rs",
            "xtask/src/main.rs",
        ];
        let files: Vec<_> = files.into_iter().map(file).collect();
        let report = format!(r#"{{"data":[{{"files":[{}],"totals":{{}}}}]}}"#, files.join(","));
        let counts = counts(&report, Path::new("/w")).unwrap();
        let expected = [
            ("branches a all", 8),
            ("branches a covered", 4),
            ("lines a all", 20),
            ("lines a covered", 18),
        ];
        assert_eq!(counts, expected.map(|(name, count)| (name.to_owned(), count)));
    }
}
