//! Mutation tests: each mutant of a crate is one changed function or operator, and some test of the crate has to fail with it.

use std::fs;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use super::{Home, Part, Step};
use crate::process::{self, tail};
use crate::tools::Tool;
use crate::workspace::{root, target_directory};

const CARGO_MUTANTS: Tool = Tool {
    name: "cargo-mutants",
    version: "27.1.0",
};

/// The crates whose tests are judged: what verifies, what seals, and the protocol that must not lose a token.
pub(super) const PACKAGES: [Mutants; 3] = [
    Mutants {
        package: "revento-webhooks",
        shards: 12,
    },
    Mutants {
        package: "revento-oauth",
        shards: 12,
    },
    Mutants {
        package: "revento-seal",
        shards: 2,
    },
];

/// The mutants of one crate. A step tests one of the `shards` parts of them.
#[derive(Debug)]
pub(super) struct Mutants {
    package: &'static str,
    shards: u64,
}

impl Part for Mutants {
    fn name(&self) -> String {
        format!("mutants-{}", self.package)
    }

    fn title(&self) -> String {
        format!("`cargo mutants` in {}", self.package)
    }

    fn unit(&self) -> &'static str {
        "shards"
    }

    fn goal(&self) -> u64 {
        self.shards
    }

    /// All mutants are tested then.
    fn goes_on(&self) -> bool {
        false
    }

    fn step(&self, home: &Home, number: u64) -> Result<Step> {
        let folder = home.output()?.join(format!("{}-{number}", self.name()));
        fs::create_dir_all(&folder)?;
        let output = process::output(
            Command::new(CARGO_MUTANTS.path()?)
                .current_dir(root()?)
                .args(["mutants", "--package", self.package, "--all-features"])
                .args(["--test-workspace=false", "--jobs", "1", "--timeout", "120"])
                .args(["--shard", &format!("{number}/{}", self.shards)])
                .arg("--output")
                .arg(&folder)
                // Dependencies are built once for all steps.
                .env("CARGO_TARGET_DIR", target_directory()?.join("campaign/mutants"))
                // Some optimization makes the tests of some crates ten times faster, and compiling them a little slower.
                .env("CARGO_PROFILE_DEV_OPT_LEVEL", "1")
                .env("PROPTEST_CASES", "64")
                .env("CARGO_PROFILE_DEV_DEBUG", "0")
                .env("CARGO_PROFILE_TEST_DEBUG", "0"),
        )?;
        let results = folder.join("mutants.out");
        let said = tail(&String::from_utf8_lossy(&output.stdout), 20);
        // Mutants that no test found, or that ran into the time limit.
        if !output.status.success() && !matches!(output.status.code(), Some(2 | 3)) {
            bail!("cargo-mutants failed ({}):\n{said}", output.status);
        }
        let text = fs::read_to_string(results.join("outcomes.json")).with_context(|| said)?;
        let outcomes: Outcomes = serde_json::from_str(&text)?;
        let missed = fs::read_to_string(results.join("missed.txt")).unwrap_or_default();
        Ok(Step {
            done: 1,
            counts: outcomes.counts(),
            findings: missed.lines().map(|line| format!("survived: {line}")).collect(),
        })
    }
}

/// The part of `outcomes.json` that counts.
#[derive(Debug, Deserialize)]
struct Outcomes {
    caught: u64,
    missed: u64,
    timeout: u64,
    unviable: u64,
}

impl Outcomes {
    fn counts(&self) -> Vec<(String, u64)> {
        let counts = [
            (CAUGHT, self.caught),
            (SURVIVED, self.missed),
            (TIMEOUT, self.timeout),
            ("do not compile", self.unviable),
        ];
        counts.map(|(name, count)| (name.to_owned(), count)).into()
    }
}

pub(super) const CAUGHT: &str = "killed by a test";
pub(super) const TIMEOUT: &str = "killed by the time limit";
pub(super) const SURVIVED: &str = "survived";
