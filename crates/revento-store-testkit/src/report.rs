//! What a suite found.

use std::fmt;

/// How a check ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckOutcome {
    /// The store honours it.
    Passed,
    /// It was left out, for this reason.
    Skipped(String),
    /// The store does not honour it: what was expected and what came.
    Failed(String),
}

/// One check and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The check's name.
    pub name: &'static str,
    /// What goes wrong in production when a store fails it.
    pub why: &'static str,
    /// How it ended.
    pub outcome: CheckOutcome,
}

/// Every check of a suite, in the order in which they ran. `Display` lists what failed or was skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a report that nobody looks at proves nothing"]
pub struct Report {
    pub(crate) findings: Vec<Finding>,
}

impl Report {
    /// All findings.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The checks that the store failed.
    pub fn failures(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| matches!(finding.outcome, CheckOutcome::Failed(_)))
    }

    /// Whether nothing failed.
    pub fn is_passed(&self) -> bool {
        self.failures().next().is_none()
    }

    /// For the end of a test.
    ///
    /// # Panics
    /// When a check failed; the message is the whole report.
    #[track_caller]
    #[expect(clippy::panic, reason = "what a test is for")]
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
