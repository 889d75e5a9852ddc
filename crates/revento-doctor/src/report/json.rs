//! The report as JSON. `revento schema doctor` describes it.

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::{CheckResult, Counts, Grade, Outcome, Report, Verdict};
use crate::check::{Family, Framework, Need, Severity};
use crate::exchange::Exchange;

/// The version of the format. It grows when a field changes its meaning or goes away, and not when one is added.
const VERSION: u32 = 1;

impl Report {
    /// The report as JSON, with all evidence. `revento schema doctor` prints its JSON Schema; [`Report`] serializes
    /// to the same.
    pub fn to_json(&self) -> String {
        // There is no map with other keys than texts, and no value that fails.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    doctor_version: &'a str,
    began_at: &'a str,
    duration_ms: u64,
    seed: u64,
    framework: Option<Framework>,
    verdict: Verdict,
    exit_code: u8,
    counts: Counts,
    families: Vec<FamilyRow>,
    not_told: Vec<NotTold>,
    results: &'a [CheckResult],
}

#[derive(Serialize)]
struct FamilyRow {
    family: Family,
    #[serde(flatten)]
    counts: Counts,
}

#[derive(Serialize)]
struct NotTold {
    need: Need,
    option: &'static str,
    checks: usize,
}

#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    family: Family,
    title: &'a str,
    section: &'a str,
    severity: Severity,
    grade: Grade,
    result: &'a Outcome,
    mend: Option<&'a str>,
    evidence: Vec<Evidence<'a>>,
    duration_ms: u64,
}

#[derive(Serialize)]
struct Evidence<'a> {
    #[serde(flatten)]
    exchange: &'a Exchange,
    curl: String,
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let families = self.families().into_iter();
        let missing = self.missing().into_iter();
        Document {
            version: VERSION,
            doctor_version: self.doctor_version,
            began_at: &self.began_at,
            duration_ms: milliseconds(self.duration),
            seed: self.seed,
            framework: self.framework,
            verdict: self.verdict(),
            exit_code: self.exit_code(),
            counts: self.counts(),
            families: families
                .map(|(family, counts)| FamilyRow { family, counts })
                .collect(),
            not_told: missing
                .map(|row| NotTold {
                    need: row.need,
                    option: row.need.option(),
                    checks: row.checks,
                })
                .collect(),
            results: &self.results,
        }
        .serialize(serializer)
    }
}

impl Serialize for CheckResult {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let evidence = self.evidence.iter().map(|exchange| Evidence {
            exchange,
            curl: exchange.curl(),
        });
        Row {
            id: self.check.id,
            family: self.check.family,
            title: self.check.title,
            section: self.check.section,
            severity: self.check.severity,
            grade: self.grade(),
            result: &self.outcome,
            mend: self.mend.as_deref(),
            evidence: evidence.collect(),
            duration_ms: milliseconds(self.duration),
        }
        .serialize(serializer)
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
