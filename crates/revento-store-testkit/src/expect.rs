//! How a check reports what a store did wrong.

use std::{collections::HashSet, fmt::Debug};

use revento_core::error::chain;
use revento_store::StoreError;

use crate::{
    difference::{difference, list_difference},
    subject::{CheckResult, Hook},
};

/// How many findings of one check are shown.
const MAX_SHOWN: usize = 10;

/// Why a check did not pass.
#[derive(Debug)]
pub(crate) enum NotPassed {
    /// What the store did wrong, a text for each finding.
    Failed(Vec<String>),
    /// The check needs a hook that the subject does not have.
    MissingHook(Hook),
}

impl From<StoreError> for NotPassed {
    fn from(error: StoreError) -> Self {
        failed(format!("the store failed: {}", chain(&error)))
    }
}

impl From<revento_store::SealError> for NotPassed {
    fn from(error: revento_store::SealError) -> Self {
        failed(format!("sealing failed: {}", chain(&error)))
    }
}

fn failed(text: impl Into<String>) -> NotPassed {
    NotPassed::Failed(vec![text.into()])
}

/// Fails unless both are equal. Of long values it shows where they differ.
pub(crate) fn same<T: PartialEq + Debug>(what: &str, came: T, expected: T) -> CheckResult {
    if came == expected {
        return Ok(());
    }
    fail(format!("{what}:{}", difference(&came, &expected)))
}

/// Fails unless both lists have the same items in the same order. Shows what is missing, not expected or listed too often.
pub(crate) fn same_list<T: PartialEq + Debug>(what: &str, came: &[T], expected: &[T]) -> CheckResult {
    if came == expected {
        return Ok(());
    }
    fail(format!("{what}:{}", list_difference(came, expected)))
}

/// Fails unless the condition is true.
pub(crate) fn holds(what: &str, condition: bool) -> CheckResult {
    if condition {
        Ok(())
    } else {
        fail(format!("this is not true: {what}"))
    }
}

/// Fails with this text.
pub(crate) fn fail<T>(what: impl Into<String>) -> Result<T, NotPassed> {
    Err(failed(what))
}

/// Collects what is wrong in each case of a table, so that a check reports all of it and not only the first.
///
/// ```text
/// let mut failures = Failures::new();
/// for id in ids {
///     failures.add(one_case(&*store, id).await);
/// }
/// failures.end()
/// ```
#[derive(Debug, Default)]
pub(crate) struct Failures {
    texts: Vec<String>,
    missing_hook: Option<Hook>,
}

impl Failures {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Notes the failure of one case; returns what the case returned.
    pub(crate) fn add<T>(&mut self, case: Result<T, NotPassed>) -> Option<T> {
        match case {
            Ok(value) => Some(value),
            Err(NotPassed::Failed(texts)) => {
                self.texts.extend(texts);
                None
            }
            Err(NotPassed::MissingHook(hook)) => {
                self.missing_hook = Some(hook);
                None
            }
        }
    }

    /// [`same`], without an end of the check.
    pub(crate) fn same<T: PartialEq + Debug>(&mut self, what: &str, came: T, expected: T) {
        self.add(same(what, came, expected));
    }

    /// Fails if a case has failed.
    pub(crate) fn end(self) -> CheckResult {
        if let Some(hook) = self.missing_hook {
            return Err(NotPassed::MissingHook(hook));
        }
        let mut seen = HashSet::new();
        let mut texts = self.texts;
        texts.retain(|text| seen.insert(text.clone()));
        if texts.is_empty() {
            return Ok(());
        }
        let more = texts.len().saturating_sub(MAX_SHOWN);
        texts.truncate(MAX_SHOWN);
        if more > 0 {
            texts.push(format!("… and {more} more"));
        }
        Err(NotPassed::Failed(texts))
    }
}
