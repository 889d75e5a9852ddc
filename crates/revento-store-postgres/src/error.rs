//! From PostgreSQL's error codes to the kinds of failure that a caller can act on.

use revento_store::{StoreError, StoreErrorKind};

/// Turns what failed while `doing` something into the error of the joint.
pub(crate) fn failed(doing: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| StoreError::new(kind(&error), doing, error)
}

fn kind(error: &sqlx::Error) -> StoreErrorKind {
    // <https://www.postgresql.org/docs/current/errcodes-appendix.html>: a missing table or column, a value
    // that a constraint refuses, and damaged pages. Everything else can pass.
    match (error, code(error).as_deref()) {
        (_, Some("42P01" | "42703" | "XX001" | "XX002")) => StoreErrorKind::Corrupt,
        (_, Some(code)) if code.starts_with("23") || code.starts_with("22") => StoreErrorKind::Corrupt,
        (
            sqlx::Error::RowNotFound
            | sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::Decode(_),
            _,
        ) => StoreErrorKind::Corrupt,
        _ => StoreErrorKind::Unavailable,
    }
}

/// The server's SQLSTATE, where the error is the server's.
pub(crate) fn code(error: &sqlx::Error) -> Option<String> {
    Some(error.as_database_error()?.code()?.into_owned())
}

/// A stored value that this version cannot read.
pub(crate) fn unreadable(column: &'static str) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: "an unknown value".into(),
    }
}
