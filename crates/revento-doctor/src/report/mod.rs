//! What an examination found.

use std::time::Duration;

use serde::{Serialize, Serializer, ser::SerializeStruct as _};

use crate::check::{Check, Framework, Severity};
use crate::exchange::{Exchange, milliseconds};

/// What an examination found.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The version of the doctor.
    pub doctor_version: &'static str,
    /// When the examination began, in ISO 8601.
    pub began_at: String,
    /// How long it took.
    #[serde(rename = "duration_ms", serialize_with = "milliseconds")]
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

impl CheckResult {
    /// Whether the check failed.
    pub fn failed(&self) -> bool {
        matches!(self.outcome, Outcome::Failed { .. })
    }
}

impl Report {
    /// Whether no required check failed and none was untestable.
    pub fn passed(&self) -> bool {
        self.exit_code() == 0
    }

    /// The exit code of the command: 0 passed, 1 a required check failed, 3 a check could not be completed, or none was done.
    pub fn exit_code(&self) -> u8 {
        let required = |result: &&CheckResult| result.check.severity == Severity::Required;
        if self.results.iter().filter(required).any(CheckResult::failed) {
            return 1;
        }
        let untestable = |result: &CheckResult| matches!(result.outcome, Outcome::Untestable { .. });
        let judged =
            |result: &CheckResult| matches!(result.outcome, Outcome::Passed | Outcome::Failed { .. });
        if self.results.iter().any(untestable) || !self.results.iter().any(judged) {
            return 3;
        }
        0
    }
}

impl Serialize for CheckResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Evidence<'a> {
            #[serde(flatten)]
            exchange: &'a Exchange,
            curl: String,
        }
        let evidence: Vec<_> = self
            .evidence
            .iter()
            .map(|exchange| Evidence {
                exchange,
                curl: exchange.curl(),
            })
            .collect();
        let mut row = serializer.serialize_struct("CheckResult", 9)?;
        row.serialize_field("id", self.check.id)?;
        row.serialize_field("family", &self.check.family)?;
        row.serialize_field("title", self.check.title)?;
        row.serialize_field("section", self.check.section)?;
        row.serialize_field("severity", &self.check.severity)?;
        row.serialize_field("result", &self.outcome)?;
        row.serialize_field("mend", &self.mend)?;
        row.serialize_field("evidence", &evidence)?;
        row.serialize_field(
            "duration_ms",
            &u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX),
        )?;
        row.end()
    }
}
