//! From Redis's errors to the kinds of failure that a caller can act on.

use redis::{ErrorKind, RedisError};
use revento_store::{StoreError, StoreErrorKind};

/// Turns what failed while `doing` something into the error of the joint.
pub(crate) fn failed(doing: &'static str) -> impl Fn(RedisError) -> StoreError {
    move |error| {
        let damaged = matches!(error.kind(), ErrorKind::Parse | ErrorKind::UnexpectedReturnType)
            || error.code() == Some("WRONGTYPE");
        let kind = if damaged {
            StoreErrorKind::Corrupt
        } else {
            StoreErrorKind::Unavailable
        };
        StoreError::new(kind, doing, error)
    }
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
