//! The results of a suite.

use std::{fmt, time::Duration};

use serde::Serialize;

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckOutcome {
    /// The store follows the rule.
    Passed,
    /// The check did not run, because the suite [skips](crate::Suite::skip) it or a hook that it needs. The text is the reason.
    Skipped(String),
    /// The store breaks the rule, or the check could not run. Each text is one failure, with the expected and the actual value.
    Failed(Vec<String>),
}

/// One check and its result. `Display` shows it as a report does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The name of the check.
    pub name: &'static str,
    /// What goes wrong in production when a store fails the check.
    pub why: &'static str,
    /// The result.
    pub outcome: CheckOutcome,
    /// How long the check took, with the making and the removal of its store.
    pub duration: Duration,
}

/// Every check of a suite, in a fixed order. `Display` lists what failed and what was skipped, and ends with the numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "call `assert_passed` or read the failures"]
pub struct Report {
    pub(crate) suite: String,
    pub(crate) findings: Vec<Finding>,
    pub(crate) duration: Duration,
}

impl Report {
    /// The name of the suite.
    pub fn suite(&self) -> &str {
        &self.suite
    }

    /// All checks with their results.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The checks that the store failed.
    pub fn failures(&self) -> impl Iterator<Item = &Finding> {
        let failed = |finding: &&Finding| matches!(finding.outcome, CheckOutcome::Failed(_));
        self.findings.iter().filter(failed)
    }

    /// The checks that did not run, with the reasons of [`Suite::skip`](crate::Suite::skip).
    pub fn skipped(&self) -> impl Iterator<Item = (&Finding, &str)> {
        self.findings.iter().filter_map(|finding| match &finding.outcome {
            CheckOutcome::Skipped(because) => Some((finding, because.as_str())),
            _ => None,
        })
    }

    /// How long the suite took.
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// Whether no check failed. What [`Suite::skip`](crate::Suite::skip) skipped does not count as failed.
    pub fn is_passed(&self) -> bool {
        self.failures().next().is_none()
    }

    /// Whether every check ran and passed.
    pub fn is_complete(&self) -> bool {
        self.is_passed() && self.skipped().next().is_none()
    }

    /// Panics if a check failed. Call it at the end of a test. It prints what was skipped.
    ///
    /// # Panics
    /// If a check failed. The message is the whole report.
    #[track_caller]
    #[expect(
        clippy::panic,
        clippy::print_stderr,
        reason = "a test fails by a panic, and a skip has to be seen"
    )]
    pub fn assert_passed(&self) {
        if !self.is_passed() {
            panic!("{self}");
        }
        if !self.is_complete() {
            eprintln!("{self}");
        }
    }

    /// Panics if a check failed or was skipped: for a store that follows every rule.
    ///
    /// # Panics
    /// If a check failed or was skipped. The message is the whole report.
    #[track_caller]
    #[expect(clippy::panic, reason = "a test fails by a panic")]
    pub fn assert_complete(&self) {
        if !self.is_complete() {
            panic!("{self}");
        }
    }

    /// The report in JSON: `suite`, `passed`, `failed`, `skipped`, `seconds`, and for each of the `checks` its `name`, `why`, `outcome`
    /// (`passed`, `failed` or `skipped`), `failures`, `because` and `seconds`.
    pub fn to_json(&self) -> String {
        serde_json::json!(self.view()).to_string()
    }

    pub(crate) fn view(&self) -> ReportView<'_> {
        let (failed, skipped) = (self.failures().count(), self.skipped().count());
        ReportView {
            suite: &self.suite,
            passed: self.findings.len() - failed - skipped,
            failed,
            skipped,
            seconds: self.duration.as_secs_f64(),
            checks: self.findings.iter().map(Finding::view).collect(),
        }
    }

    /// The last line of a report.
    pub(crate) fn summary(&self) -> String {
        let ReportView {
            passed,
            failed,
            skipped,
            seconds,
            ..
        } = self.view();
        let mut slowest: Vec<&Finding> = self.findings.iter().collect();
        slowest.sort_by_key(|finding| std::cmp::Reverse(finding.duration));
        let slowest: Vec<String> = slowest
            .iter()
            .take(3)
            .map(|finding| format!("{} {} ms", finding.name, finding.duration.as_millis()))
            .collect();
        format!(
            "{}: {} checks in {seconds:.1} s: {passed} passed, {failed} failed, {skipped} skipped (slowest: {})",
            self.suite,
            self.findings.len(),
            slowest.join(", ")
        )
    }
}

impl Finding {
    /// A mistake in the use of the suite.
    pub(crate) fn failed(name: &'static str, why: &'static str, what: String) -> Self {
        Self {
            name,
            why,
            outcome: CheckOutcome::Failed(vec![what]),
            duration: Duration::ZERO,
        }
    }

    fn view(&self) -> FindingView<'_> {
        let (outcome, failures, because) = match &self.outcome {
            CheckOutcome::Passed => ("passed", &[][..], None),
            CheckOutcome::Skipped(because) => ("skipped", &[][..], Some(because.as_str())),
            CheckOutcome::Failed(failures) => ("failed", failures.as_slice(), None),
        };
        FindingView {
            name: self.name,
            why: self.why,
            outcome,
            failures,
            because,
            seconds: self.duration.as_secs_f64(),
        }
    }
}

#[derive(Serialize)]
pub(crate) struct ReportView<'a> {
    suite: &'a str,
    passed: usize,
    failed: usize,
    skipped: usize,
    seconds: f64,
    checks: Vec<FindingView<'a>>,
}

#[derive(Serialize)]
struct FindingView<'a> {
    name: &'a str,
    why: &'a str,
    outcome: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    failures: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<&'a str>,
    seconds: f64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in self.failures() {
            writeln!(f, "FAILED {finding}")?;
        }
        for (finding, because) in self.skipped() {
            writeln!(f, "skipped {}: {because}", finding.name)?;
        }
        writeln!(f, "{}", self.summary())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        match &self.outcome {
            CheckOutcome::Passed => {}
            CheckOutcome::Skipped(because) => write!(f, "\n  skipped: {because}")?,
            CheckOutcome::Failed(failures) => {
                for failure in failures {
                    let mut lines = failure.lines();
                    write!(f, "\n  - {}", lines.next().unwrap_or_default())?;
                    for line in lines {
                        write!(f, "\n    {line}")?;
                    }
                }
                write!(f, "\n  why it matters: {}", self.why)?;
            }
        }
        Ok(())
    }
}
