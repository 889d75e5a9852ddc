//! From PostgreSQL's error codes to the kinds of failure that a caller can act on.

use std::sync::Arc;

use revento_store::{StoreError, StoreErrorReason, group_commit::BatchLost};

/// A call failed. The calls of a batch share the error.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) error: Arc<sqlx::Error>,
    pub(crate) may_have_taken_effect: bool,
}

impl Failure {
    /// Nothing was sent.
    pub(crate) fn without_effect(error: sqlx::Error) -> Self {
        Self {
            error: Arc::new(error),
            may_have_taken_effect: false,
        }
    }

    /// The server may have committed, unless it has said that it did not.
    pub(crate) fn of_transaction(error: sqlx::Error) -> Self {
        Self {
            may_have_taken_effect: code(&error).is_none_or(|code| is_session_end(&code)),
            error: Arc::new(error),
        }
    }
}

/// The answer to a committed call cannot be read.
impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self {
            error: Arc::new(error),
            may_have_taken_effect: true,
        }
    }
}

impl From<BatchLost> for Failure {
    fn from(_: BatchLost) -> Self {
        sqlx::Error::WorkerCrashed.into()
    }
}

/// Converts a failed write; `action` completes "while …".
pub(crate) fn failed(action: &'static str) -> impl Fn(Failure) -> StoreError {
    move |failure| {
        let error = StoreError::write(reason(&failure.error), action, failure.error);
        if failure.may_have_taken_effect {
            error
        } else {
            error.without_effect()
        }
    }
}

/// Converts a failed read; `action` completes "while …".
pub(crate) fn not_read(action: &'static str) -> impl Fn(Failure) -> StoreError {
    move |failure| StoreError::read(reason(&failure.error), action, failure.error)
}

fn reason(error: &sqlx::Error) -> StoreErrorReason {
    match (error, code(error)) {
        (_, Some(code)) => reason_of(&code),
        (
            sqlx::Error::RowNotFound
            | sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::Decode(_),
            None,
        ) => StoreErrorReason::Corrupt,
        (sqlx::Error::Protocol(_) | sqlx::Error::Configuration(_) | sqlx::Error::Encode(_), None) => {
            StoreErrorReason::Rejected
        }
        (_, None) => StoreErrorReason::Unavailable,
    }
}

/// By SQLSTATE, <https://www.postgresql.org/docs/current/errcodes-appendix.html>. Only damaged pages are damage. A statement that the
/// server or a pooler refuses is refused again, but the data is as it was: a backup would bring spent refresh tokens back.
fn reason_of(code: &str) -> StoreErrorReason {
    match code {
        "XX001" | "XX002" => StoreErrorReason::Corrupt,
        // The driver ran into the middle of another conversation, as it happens behind some poolers.
        "08P01" | "26000" | "34000" | "42P03" | "42P05" => StoreErrorReason::Rejected,
        "57014" => StoreErrorReason::Unavailable, // A time limit.
        _ => match code.get(..2).unwrap_or_default() {
            "08" | "25" | "40" | "53" | "55" | "57" | "58" => StoreErrorReason::Unavailable,
            "XX" => StoreErrorReason::Unavailable,
            _ => StoreErrorReason::Rejected,
        },
    }
}

/// Whether the server refuses a call of a batch for one of its values.
pub(crate) fn is_of_a_value(error: &sqlx::Error) -> bool {
    // Values that are out of range, constraints, limits of the server, and what a trigger raises.
    code(error).is_some_and(|code| matches!(code.get(..2), Some("22" | "23" | "44" | "54" | "P0")))
}

/// Whether the server writes nothing, as a replica does.
pub(crate) fn is_read_only(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| code == "25006")
}

/// Whether the server ended the transaction because of another one: a deadlock or a conflict.
pub(crate) fn is_rolled_back_for_others(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| matches!(&*code, "40001" | "40P01"))
}

/// Whether the connection can be used for other statements.
pub(crate) fn is_of_the_statement(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| !is_session_end(&code)) && !is_read_only(error)
}

/// Whether a server that does not accept a connection now may do so soon.
pub(crate) fn is_passing_refusal(error: &sqlx::Error) -> bool {
    // Too many connections, or it is about to stop, start or recover.
    code(error).is_some_and(|code| code == "53300") || is_connection_lost(error)
}

/// Whether the connection is of no more use, and another one may help.
pub(crate) fn is_connection_lost(error: &sqlx::Error) -> bool {
    match code(error) {
        Some(code) => is_session_end(&code),
        None => match error {
            sqlx::Error::Io(error) => error.kind() != std::io::ErrorKind::TimedOut,
            sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => true,
            _ => false,
        },
    }
}

/// Whether the server or a pooler ended the session with this error. PgBouncer uses 08P01 for each of its own.
fn is_session_end(code: &str) -> bool {
    matches!(code, "57P01" | "57P02" | "57P03" | "57P05" | "25P03") || code.starts_with("08")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h23_a_statement_that_a_pooler_breaks_is_no_damage() {
        for code in [
            "22P03", "08P01", "42P05", "26000", "42883", "23505", "54000", "0A000",
        ] {
            assert_eq!(reason_of(code), StoreErrorReason::Rejected, "{code}");
        }
        assert_eq!(reason_of("XX001"), StoreErrorReason::Corrupt);
    }

    #[test]
    fn h23_a_misconfiguration_is_no_outage() {
        for (code, what) in [
            ("42P01", "no such table"),
            ("42703", "no such column"),
            ("3F000", "no such schema"),
            ("3D000", "no such database"),
            ("42501", "no rights"),
            ("28000", "the role may not log in"),
            ("28P01", "a wrong password"),
            ("22001", "a text that is too long for its column"),
        ] {
            assert_eq!(reason_of(code), StoreErrorReason::Rejected, "{what}");
        }
        for (code, what) in [
            ("08006", "the connection is lost"),
            ("57P01", "the server stops"),
            ("57P03", "the server starts"),
            ("53300", "too many connections"),
            ("53100", "the disk is full"),
            ("53200", "no memory"),
            ("58030", "the disk fails"),
            ("25006", "a replica that only reads"),
            ("55P03", "a lock is not available"),
            ("57014", "a time limit"),
            ("40P01", "a deadlock"),
            ("40001", "a serialization failure"),
            ("XX000", "a fault of the server"),
        ] {
            assert_eq!(reason_of(code), StoreErrorReason::Unavailable, "{what}");
        }
    }
}
