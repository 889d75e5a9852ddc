//! From SQLite's result codes to the kinds of failure that a caller can act on.

use crate::inbox::SharedError;
use revento_store::{StoreError, StoreErrorReason};

/// Primary result codes, <https://sqlite.org/rescode.html>.
pub(crate) const ERROR: i32 = 1;
pub(crate) const PERM: i32 = 3;
pub(crate) const BUSY: i32 = 5;
pub(crate) const LOCKED: i32 = 6;
pub(crate) const READONLY: i32 = 8;
pub(crate) const CORRUPT: i32 = 11;
pub(crate) const CANTOPEN: i32 = 14;
const TOOBIG: i32 = 18;
pub(crate) const CONSTRAINT: i32 = 19;
pub(crate) const MISMATCH: i32 = 20;
const AUTH: i32 = 23;
pub(crate) const NOTADB: i32 = 26;

/// SQLite's primary result code, where the error is SQLite's own.
pub(crate) fn result_code(error: &sqlx::Error) -> Option<i32> {
    let extended: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}

/// Converts an engine's error; `action` completes "while …".
pub(crate) fn failed(action: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| StoreError::write(kind(&error), action, error)
}

/// As [`failed`], for a call that shared its transaction with others.
pub(crate) fn failed_together(action: &'static str) -> impl Fn(SharedError) -> StoreError {
    move |error| StoreError::write(kind(error.engine()), action, error)
}

/// Whether the engine refuses what the call wants, such as a text that is too long.
pub(crate) fn is_refused(error: &sqlx::Error) -> bool {
    kind(error) == StoreErrorReason::Rejected
}

fn kind(error: &sqlx::Error) -> StoreErrorReason {
    match (error, result_code(error)) {
        (_, Some(code)) => reason_of(code),
        (
            sqlx::Error::RowNotFound
            | sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::Decode(_),
            None,
        ) => StoreErrorReason::Corrupt,
        _ => StoreErrorReason::Unavailable,
    }
}

/// By primary result code.
fn reason_of(code: i32) -> StoreErrorReason {
    match code {
        CORRUPT | NOTADB => StoreErrorReason::Corrupt,
        // Somebody has changed the tables or the rights since the file was opened. The data is as it was.
        ERROR | PERM | READONLY | CANTOPEN | TOOBIG | CONSTRAINT | MISMATCH | AUTH => {
            StoreErrorReason::Rejected
        }
        _ => StoreErrorReason::Unavailable,
    }
}

/// As [`failed`], for a call that only reads.
pub(crate) fn not_read(action: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |error| StoreError::read(kind(&error), action, error)
}

/// A stored value that this version cannot read.
pub(crate) fn unreadable(column: &'static str) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: "an unknown value".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h23_a_misconfiguration_is_no_outage() {
        for (code, what) in [
            (ERROR, "no such table or column"),
            (PERM, "no rights"),
            (AUTH, "no rights"),
            (READONLY, "a file that may only be read"),
            (CANTOPEN, "no such directory"),
            (TOOBIG, "a value that is too long"),
            (CONSTRAINT, "a constraint that somebody has added"),
            (MISMATCH, "another type"),
        ] {
            assert_eq!(reason_of(code), StoreErrorReason::Rejected, "{what}");
        }
        for (code, what) in [
            (BUSY, "another process writes"),
            (LOCKED, "another connection writes"),
            (7, "no memory"),
            (9, "interrupted"),
            (10, "the disk fails"),
            (13, "the disk is full"),
            (15, "another process writes, and the locks are in disorder"),
        ] {
            assert_eq!(reason_of(code), StoreErrorReason::Unavailable, "{what}");
        }
        for code in [CORRUPT, NOTADB] {
            assert_eq!(reason_of(code), StoreErrorReason::Corrupt);
        }
        assert_eq!(
            kind(&sqlx::Error::PoolTimedOut),
            StoreErrorReason::Unavailable,
            "all connections are in use"
        );
        assert_eq!(kind(&unreadable("scopes")), StoreErrorReason::Corrupt);
    }
}
