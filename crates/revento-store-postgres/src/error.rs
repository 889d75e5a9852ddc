//! From PostgreSQL's error codes to the kinds of failure that a caller can act on.

use revento_store::{StoreError, StoreErrorReason};

/// Converts an engine's error; `action` completes "while …".
pub(crate) fn failed(action: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| StoreError::new(kind(&error), action, error)
}

fn kind(error: &sqlx::Error) -> StoreErrorReason {
    // <https://www.postgresql.org/docs/current/errcodes-appendix.html>: a missing table or column, a value
    // that a constraint refuses, and damaged pages. Everything else can pass.
    match (error, code(error).as_deref()) {
        (_, Some("42P01" | "42703" | "XX001" | "XX002")) => StoreErrorReason::Corrupt,
        (_, Some(code)) if code.starts_with("23") || code.starts_with("22") => StoreErrorReason::Corrupt,
        (
            sqlx::Error::RowNotFound
            | sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::Decode(_),
            _,
        ) => StoreErrorReason::Corrupt,
        _ => StoreErrorReason::Unavailable,
    }
}

/// The server's SQLSTATE, where the error is the server's.
pub(crate) fn code(error: &sqlx::Error) -> Option<String> {
    Some(error.as_database_error()?.code()?.into_owned())
}

/// As [`failed`], for a call that only reads.
pub(crate) fn not_read(action: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| failed(action)(error).without_effect()
}

/// A stored value that this version cannot read.
pub(crate) fn unreadable(column: &'static str) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: "an unknown value".into(),
    }
}
