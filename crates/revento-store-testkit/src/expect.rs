//! Assertions that report the expected and the actual value.

use std::fmt::Debug;

use revento_core::error::chain;
use revento_store::StoreError;

use crate::subject::CheckResult;

/// Why a check did not pass.
#[derive(Debug)]
pub(crate) enum NotPassed {
    Failed(String),
    Skipped(&'static str),
}

impl From<StoreError> for NotPassed {
    fn from(error: StoreError) -> Self {
        Self::Failed(format!("the store failed: {}", chain(&error)))
    }
}

impl From<revento_store::SealError> for NotPassed {
    fn from(error: revento_store::SealError) -> Self {
        Self::Failed(format!("sealing failed: {}", chain(&error)))
    }
}

/// Fails unless both are equal.
pub(crate) fn same<T: PartialEq + Debug>(what: &str, came: T, expected: T) -> CheckResult {
    if came == expected {
        return Ok(());
    }
    Err(NotPassed::Failed(format!(
        "{what}:\n      expected {expected:?}\n      actual   {came:?}"
    )))
}

/// Fails unless the condition is true.
pub(crate) fn holds(what: &str, condition: bool) -> CheckResult {
    if condition {
        Ok(())
    } else {
        Err(NotPassed::Failed(format!("this is not true: {what}")))
    }
}

/// Fails with this text.
pub(crate) fn fail<T>(what: impl Into<String>) -> Result<T, NotPassed> {
    Err(NotPassed::Failed(what.into()))
}
