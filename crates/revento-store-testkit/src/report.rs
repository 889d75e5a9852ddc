//! The results of a suite.

use std::fmt;

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckOutcome {
    /// The store follows the rule.
    Passed,
    /// The check did not run, for this reason.
    Skipped(String),
    /// The store breaks the rule. The text has the expected and the actual value.
    Failed(String),
}

/// One check and its result.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The name of the check.
    pub name: &'static str,
    /// What goes wrong in production when a store fails the check.
    pub why: &'static str,
    /// The result.
    pub outcome: CheckOutcome,
}

/// Every check of a suite, in the order in which they ran. `Display` lists the failed and the skipped checks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "call `assert_passed` or read the failures"]
pub struct Report {
    pub(crate) findings: Vec<Finding>,
}

impl Report {
    /// All checks with their results.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The checks that the store failed.
    pub fn failures(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| matches!(finding.outcome, CheckOutcome::Failed(_)))
    }

    /// Whether no check failed. Skipped checks do not count as failed.
    pub fn is_passed(&self) -> bool {
        self.failures().next().is_none()
    }

    /// Panics if a check failed. Call it at the end of a test.
    ///
    /// # Panics
    /// If a check failed. The message is the whole report.
    #[track_caller]
    #[expect(clippy::panic, reason = "a test fails by a panic")]
    pub fn assert_passed(&self) {
        if !self.is_passed() {
            panic!("{self}");
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (all, failed) = (self.findings.len(), self.failures().count());
        writeln!(f, "{failed} of {all} checks failed")?;
        for Finding { name, why, outcome } in &self.findings {
            match outcome {
                CheckOutcome::Passed => {}
                CheckOutcome::Skipped(reason) => writeln!(f, "  skipped {name}: {reason}")?,
                CheckOutcome::Failed(what) => {
                    writeln!(f, "  FAILED {name}\n    {what}\n    why it matters: {why}")?
                }
            }
        }
        Ok(())
    }
}
