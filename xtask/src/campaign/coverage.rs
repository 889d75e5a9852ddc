//! The lines, regions and branches of the published crates that the tests run.
//!
//! A region is a piece of code without a branch, so each arm of a `match` and each way out of a `?` has its own. Branches are known only for
//! the crates without async code: on others `llvm-cov` crashes with them (rust-lang/rust#157358).

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
pub(super) const REGIONS: &str = "regions";
pub(super) const BRANCHES: &str = "branches";

/// The crates whose branches are counted, each with its own tests.
const WITHOUT_ASYNC: [&str; 3] = ["revento-core", "revento-oauth", "revento-webhooks"];

#[derive(Debug)]
pub(super) struct Coverage;

impl Part for Coverage {
    fn name(&self) -> String {
        "coverage".to_owned()
    }

    fn title(&self) -> String {
        "`cargo llvm-cov`: all tests with all engines, then those of the crates without async code for their branches; no doc tests".to_owned()
    }

    fn unit(&self) -> &'static str {
        "runs"
    }

    fn goal(&self) -> u64 {
        2
    }

    fn goes_on(&self) -> bool {
        false
    }

    fn step(&self, home: &Home, number: u64) -> Result<Step> {
        let cover = Coverer::find()?;
        let report = home.output()?.join(format!("llvm-cov-{number}.json"));
        std::fs::remove_file(&report).ok();
        let mut tests = cover.command(&report)?;
        let (output, kinds) = if number == 0 {
            let engines = Engines::start()?;
            engines.hand_to(tests.arg("--workspace"));
            (process::output(&mut tests)?, &[LINES, REGIONS][..])
        } else {
            for package in WITHOUT_ASYNC {
                tests.args(["--package", package]);
            }
            // An unstable option of the compiler.
            tests.arg("--branch").env("RUSTC_BOOTSTRAP", "1");
            (process::output(&mut tests)?, &[BRANCHES][..])
        };
        if !report.exists() {
            bail!("{}", tail(&String::from_utf8_lossy(&output.stderr), 20));
        }
        let said = String::from_utf8_lossy(&output.stdout);
        let failed = said
            .lines()
            .filter(|line| line.starts_with("test ") && line.ends_with("FAILED"));
        let findings = failed.map(str::to_owned).collect();
        let text = std::fs::read_to_string(&report)?;
        Ok(Step {
            done: 1,
            counts: counts(&text, &root()?, kinds)?,
            findings,
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

    /// Tests, and a report of what they ran. A failed test does not stop the others.
    fn command(&self, report: &Path) -> Result<Command> {
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
            .args(["llvm-cov", "--all-features", "--tests", "--ignore-run-fail"])
            .args(["--json", "--summary-only", "--output-path"])
            .arg(report)
            .env("LLVM_COV", &self.cov)
            .env("LLVM_PROFDATA", &self.profdata)
            .env(
                "CARGO_LLVM_COV_TARGET_DIR",
                target_directory()?.join("campaign/coverage"),
            );
        Ok(command)
    }
}

/// Adds the files of each published crate up: `lines revento-seal covered`, `lines revento-seal all` and so on.
fn counts(report: &str, root: &Path, kinds: &[&str]) -> Result<Vec<(String, u64)>> {
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
        for kind in kinds {
            let share = match *kind {
                LINES => &file.summary.lines,
                REGIONS => &file.summary.regions,
                _ => &file.summary.branches,
            };
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
    regions: Share,
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
                r#"{{"filename":"/w/{name}","summary":{{"lines":{{"count":10,"covered":9}},"regions":{{"count":30,"covered":20}},"branches":{{"count":4,"covered":2}}}}}}"#
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
        let counts = counts(&report, Path::new("/w"), &[LINES, BRANCHES]).unwrap();
        let expected = [
            ("branches a all", 8),
            ("branches a covered", 4),
            ("lines a all", 20),
            ("lines a covered", 18),
        ];
        assert_eq!(counts, expected.map(|(name, count)| (name.to_owned(), count)));
    }
}
