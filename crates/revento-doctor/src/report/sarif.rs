//! The report as SARIF 2.1.0, for GitHub's code scanning and others.

use serde_json::{Value, json};

use super::{CheckResult, Grade, Outcome, Report, Verdict};
use crate::check::{Check, Severity};
use crate::text;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
/// Where the checks are described.
const HELP: &str = "https://github.com/revento/revento-rs/blob/main/docs/doctor.md";

impl Report {
    /// The report as SARIF 2.1.0: a rule for each check, a result for each check that failed or could not be completed.
    ///
    /// A black box has no source lines, so the place of a result is the page of the integration that showed it.
    pub fn to_sarif(&self) -> String {
        let results: Vec<Value> = self
            .results
            .iter()
            .enumerate()
            .filter_map(|(index, result)| finding(index, result))
            .collect();
        let document = json!({
            "$schema": SCHEMA,
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "revento doctor",
                    "semanticVersion": self.doctor_version,
                    "informationUri": HELP,
                    "rules": self.results.iter().map(|result| rule(result.check)).collect::<Vec<_>>(),
                }},
                "automationDetails": { "id": "revento-doctor/" },
                "invocations": [{
                    "executionSuccessful": self.verdict() != Verdict::NotTested,
                    "startTimeUtc": self.began_at,
                    "exitCode": self.exit_code(),
                }],
                "columnKind": "unicodeCodePoints",
                "results": results,
            }],
        });
        serde_json::to_string_pretty(&document).unwrap_or_default()
    }
}

fn rule(check: &Check) -> Value {
    json!({
        "id": check.id,
        "name": name(check.id),
        "shortDescription": { "text": check.title },
        "fullDescription": { "text": format!("{}. {}.", check.title, check.why) },
        "help": { "text": format!("{}. Contract {}.", check.mend, check.section) },
        "helpUri": format!("{HELP}#{}", check.family.name()),
        "defaultConfiguration": { "level": level(check.severity) },
        "properties": { "tags": [check.family.name(), check.section] },
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Required => "error",
        Severity::Recommended => "warning",
    }
}

/// An id in Pascal case, as SARIF wants the names of rules.
fn name(id: &str) -> String {
    let capitalized = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_ascii_uppercase())
            .into_iter()
            .chain(letters)
            .collect::<String>()
    };
    id.split('-').map(capitalized).collect()
}

fn finding(index: usize, result: &CheckResult) -> Option<Value> {
    let check = result.check;
    let (level, message) = match (&result.outcome, result.grade()) {
        (Outcome::Failed { expected, got }, grade) => {
            let level = if grade == Grade::Failed {
                "error"
            } else {
                "warning"
            };
            let mend = result.mend.as_deref().unwrap_or(check.mend);
            (level, format!("Expected {expected}, got {got}. {mend}"))
        }
        (Outcome::Untestable { reason }, _) => {
            ("note", format!("The check could not be completed: {reason}"))
        }
        _ => return None,
    };
    let mut finding = json!({
        "ruleId": check.id,
        "ruleIndex": index,
        "level": level,
        "message": { "text": text::line(&message) },
        "partialFingerprints": { "check/v1": check.id },
    });
    if let Some(exchange) = result.telling_exchange()
        && let Some(fields) = finding.as_object_mut()
    {
        let place = json!([{
            "physicalLocation": {
                "artifactLocation": { "uri": address(&exchange.url) },
                "region": { "startLine": 1 },
            },
            "logicalLocations": [{ "name": format!("{} {}", exchange.method, address(&exchange.url)), "kind": "resource" }],
        }]);
        fields.insert("locations".to_owned(), place);
        fields.insert("properties".to_owned(), json!({ "curl": exchange.curl() }));
    }
    Some(finding)
}

/// The URL without its query, so that the place is the same in each run.
fn address(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or(url)
}
