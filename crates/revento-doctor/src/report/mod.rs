//! What an examination found, and the formats of its report.

mod badge;
mod github;
mod html;
mod json;
mod junit;
mod sarif;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::Serialize;

use crate::check::{Check, Family, Framework, Need, Severity};
use crate::exchange::{Exchange, redact};
use crate::plan::{self, Missing};

/// What an examination found.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Report {
    /// The version of the doctor.
    pub doctor_version: &'static str,
    /// When the examination began, in ISO 8601.
    pub began_at: String,
    /// How long it took.
    pub duration: Duration,
    /// The seed of its random choices.
    pub seed: u64,
    /// The web framework that the integration seems to use.
    pub framework: Option<Framework>,
    /// The results, in the order of the checks.
    pub results: Vec<CheckResult>,
}

/// The result of one check.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CheckResult {
    /// The check.
    pub check: &'static Check,
    /// What came out.
    pub outcome: Outcome,
    /// How to mend it, if it failed: the check's advice and that for the framework.
    pub mend: Option<String>,
    /// The exchanges of the check.
    pub evidence: Vec<Exchange>,
    /// How long the check took.
    pub duration: Duration,
}

/// The outcome of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outcome {
    /// The integration does what is expected.
    Passed,
    /// It does not.
    Failed {
        /// What was expected.
        expected: String,
        /// What happened.
        got: String,
    },
    /// The doctor was not told what it needs, or the check does not apply.
    NotChecked {
        /// Why, and what to give.
        reason: String,
        /// What the doctor was not told. Empty if the check does not apply.
        missing: Vec<Need>,
    },
    /// It was skipped by the settings.
    Skipped {
        /// The reason that was given.
        because: String,
    },
    /// The check could not be completed.
    Untestable {
        /// Why not.
        reason: String,
    },
}

/// An outcome, weighed by the severity of its check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Grade {
    /// The check passed.
    Passed,
    /// A required check failed.
    Failed,
    /// A recommended check failed.
    Warning,
    /// The check was not done, because the doctor was not told enough or the check does not apply.
    NotChecked,
    /// The settings skip the check.
    Skipped,
    /// The check could not be completed.
    Untestable,
}

impl Grade {
    /// All grades.
    pub const ALL: [Self; 6] = [
        Self::Passed,
        Self::Failed,
        Self::Warning,
        Self::Untestable,
        Self::NotChecked,
        Self::Skipped,
    ];

    /// The word for a person: `passed`, `not checked`, …
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Warning => "warning",
            Self::NotChecked => "not checked",
            Self::Skipped => "skipped",
            Self::Untestable => "untestable",
        }
    }
}

/// What an examination says of an integration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// No required check failed, and all that were begun were completed.
    Passed,
    /// A required check failed.
    Failed,
    /// A required check could not be completed, or no check was done.
    NotTested,
}

/// How many results have each grade.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// Passed checks.
    pub passed: usize,
    /// Required checks that failed.
    pub failed: usize,
    /// Recommended checks that failed.
    pub warnings: usize,
    /// Checks that could not be completed.
    pub untestable: usize,
    /// Checks that were not done.
    pub not_checked: usize,
    /// Checks that the settings skip.
    pub skipped: usize,
}

impl Counts {
    /// The number of results of a grade.
    pub fn of(&self, grade: Grade) -> usize {
        match grade {
            Grade::Passed => self.passed,
            Grade::Failed => self.failed,
            Grade::Warning => self.warnings,
            Grade::Untestable => self.untestable,
            Grade::NotChecked => self.not_checked,
            Grade::Skipped => self.skipped,
        }
    }

    /// The number of checks that were completed.
    pub fn judged(&self) -> usize {
        self.passed + self.failed + self.warnings
    }

    fn add(&mut self, grade: Grade) {
        let count = match grade {
            Grade::Passed => &mut self.passed,
            Grade::Failed => &mut self.failed,
            Grade::Warning => &mut self.warnings,
            Grade::Untestable => &mut self.untestable,
            Grade::NotChecked => &mut self.not_checked,
            Grade::Skipped => &mut self.skipped,
        };
        *count += 1;
    }
}

impl CheckResult {
    /// Whether the check failed.
    pub fn failed(&self) -> bool {
        matches!(self.outcome, Outcome::Failed { .. })
    }

    /// The outcome, weighed by the severity of the check.
    pub fn grade(&self) -> Grade {
        match (&self.outcome, self.check.severity) {
            (Outcome::Passed, _) => Grade::Passed,
            (Outcome::Failed { .. }, Severity::Required) => Grade::Failed,
            (Outcome::Failed { .. }, Severity::Recommended) => Grade::Warning,
            (Outcome::NotChecked { .. }, _) => Grade::NotChecked,
            (Outcome::Skipped { .. }, _) => Grade::Skipped,
            (Outcome::Untestable { .. }, _) => Grade::Untestable,
        }
    }

    /// The exchange that shows a failure best: the last request to the integration.
    pub fn telling_exchange(&self) -> Option<&Exchange> {
        let to_integration =
            |exchange: &&Exchange| exchange.direction == crate::exchange::Direction::ToIntegration;
        self.evidence.iter().rev().find(to_integration)
    }

    /// What the doctor was not told.
    fn missing(&self) -> &[Need] {
        match &self.outcome {
            Outcome::NotChecked { missing, .. } => missing,
            _ => &[],
        }
    }

    /// Replaces secrets, and leaves the ends of long bodies out.
    pub(crate) fn redact(&mut self, secrets: &[(String, &'static str)]) {
        for exchange in &mut self.evidence {
            exchange.redact(secrets);
            exchange.shorten();
        }
        match &mut self.outcome {
            Outcome::Failed { expected, got } => {
                redact(expected, secrets);
                redact(got, secrets);
            }
            Outcome::NotChecked { reason, .. } | Outcome::Untestable { reason } => redact(reason, secrets),
            Outcome::Passed | Outcome::Skipped { .. } => {}
        }
    }
}

impl Report {
    /// The verdict.
    pub fn verdict(&self) -> Verdict {
        let counts = self.counts();
        let stuck = |result: &CheckResult| {
            result.check.severity == Severity::Required && result.grade() == Grade::Untestable
        };
        if counts.failed > 0 {
            Verdict::Failed
        } else if counts.judged() == 0 || self.results.iter().any(stuck) {
            Verdict::NotTested
        } else {
            Verdict::Passed
        }
    }

    /// Whether the integration passed.
    pub fn passed(&self) -> bool {
        self.verdict() == Verdict::Passed
    }

    /// The exit code of the command: 0 passed, 1 a required check failed, 3 a required check could not be completed, or none was done.
    pub fn exit_code(&self) -> u8 {
        match self.verdict() {
            Verdict::Passed => 0,
            Verdict::Failed => 1,
            Verdict::NotTested => 3,
        }
    }

    /// How many results have each grade.
    pub fn counts(&self) -> Counts {
        counted(self.results.iter())
    }

    /// The same for each family that has results, in the order of the families.
    pub fn families(&self) -> Vec<(Family, Counts)> {
        Family::ALL
            .into_iter()
            .map(|family| (family, counted(self.of_family(family))))
            .filter(|(_, counts)| *counts != Counts::default())
            .collect()
    }

    /// The results of a grade.
    pub fn graded(&self, grade: Grade) -> impl Iterator<Item = &CheckResult> {
        self.results.iter().filter(move |result| result.grade() == grade)
    }

    /// What the doctor was not told: what would allow the most checks comes first.
    pub fn missing(&self) -> Vec<Missing> {
        plan::missing(self.results.iter().map(CheckResult::missing))
    }

    /// `32 checks were not done: give --scan (4), --log (3)`, or nothing if all were done.
    pub fn not_done(&self) -> Option<String> {
        let not_done = self
            .results
            .iter()
            .filter(|result| !result.missing().is_empty())
            .count();
        plan::not_done(not_done, &self.missing())
    }

    fn of_family(&self, family: Family) -> impl Iterator<Item = &CheckResult> {
        self.results
            .iter()
            .filter(move |result| result.check.family == family)
    }

    /// The verdict in a sentence.
    fn sentence(&self) -> String {
        let counts = self.counts();
        let warnings = match counts.warnings {
            0 => String::new(),
            1 => ", 1 warning".to_owned(),
            many => format!(", {many} warnings"),
        };
        match self.verdict() {
            Verdict::Passed => format!(
                "passed: {} of {} checks{warnings}",
                counts.passed,
                counts.judged()
            ),
            Verdict::Failed => format!(
                "failed: {} of {} checks{warnings}",
                counts.failed,
                counts.judged()
            ),
            Verdict::NotTested => format!(
                "not tested: {} could not be completed",
                if counts.untestable == 1 {
                    "1 check".to_owned()
                } else {
                    format!("{} checks", counts.untestable)
                }
            ),
        }
    }
}

fn counted<'a>(results: impl Iterator<Item = &'a CheckResult>) -> Counts {
    let mut counts = Counts::default();
    for result in results {
        counts.add(result.grade());
    }
    counts
}
