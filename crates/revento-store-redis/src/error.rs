//! From Redis's errors to the kinds of failure that a caller can act on.

use redis::{ErrorKind, RedisError};
use revento_store::{StoreError, StoreErrorReason};

/// Converts an engine's error; `action` completes "while …".
pub(crate) fn failed(action: &'static str) -> impl Fn(RedisError) -> StoreError {
    move |error| {
        let damaged = matches!(error.kind(), ErrorKind::Parse | ErrorKind::UnexpectedReturnType)
            || error.code() == Some("WRONGTYPE");
        let kind = if damaged {
            StoreErrorReason::Corrupt
        } else {
            StoreErrorReason::Unavailable
        };
        StoreError::new(kind, action, error)
    }
}

/// As [`failed`], for a call that only reads.
pub(crate) fn not_read(action: &'static str) -> impl Fn(RedisError) -> StoreError {
    move |error| failed(action)(error).without_effect()
}

/// A stored value that this version cannot read.
pub(crate) fn unreadable(field: &'static str) -> RedisError {
    (
        ErrorKind::UnexpectedReturnType,
        "a field is missing or unreadable",
        field.to_owned(),
    )
        .into()
}
