//! Checks in a row that are not done for the same reason: one line for all of them.

use revento_doctor::{Check, CheckResult, Outcome};

use crate::terminal::counted;

/// Checks in a row, of one family, that are not done because the same options are missing.
pub(super) struct Undone {
    first: &'static Check,
    count: usize,
    reason: String,
}

impl Undone {
    /// Begins a row with this result, if an option is missing for its check.
    pub(super) fn begin(result: &CheckResult) -> Option<Self> {
        Some(Self {
            first: result.check,
            count: 1,
            reason: missing_option(result)?.to_owned(),
        })
    }

    /// Takes this result into the row, if it belongs there.
    pub(super) fn takes(&mut self, result: &CheckResult) -> bool {
        let same = missing_option(result) == Some(&self.reason) && result.check.family == self.first.family;
        self.count += usize::from(same);
        same
    }

    /// The id of the check, or the family and the number of checks; and the reason.
    pub(super) fn line(&self) -> String {
        let what = match self.count {
            1 => self.first.id.to_owned(),
            count => format!(
                "{}: {}",
                self.first.family.name(),
                counted(count, "check", "checks")
            ),
        };
        format!("{what:<34} {}", self.reason)
    }
}

fn missing_option(result: &CheckResult) -> Option<&str> {
    match &result.outcome {
        Outcome::NotChecked { reason, missing } if !missing.is_empty() => Some(reason),
        _ => None,
    }
}
