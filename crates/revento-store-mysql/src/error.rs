//! From the server's error numbers to the kinds of failure that a caller can act on.

use std::sync::Arc;

use revento_store::{StoreError, StoreErrorReason, group_commit::BatchLost};
use sqlx::mysql::MySqlDatabaseError;

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
            may_have_taken_effect: number(&error).is_none_or(may_have_committed),
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

/// The server would close the connection instead of answering.
#[derive(Debug, thiserror::Error)]
#[error("the call has {size} bytes, and the server's max_allowed_packet is {limit}: raise it on the server")]
pub(crate) struct TooLarge {
    pub(crate) size: usize,
    pub(crate) limit: usize,
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
    match (error, number(error)) {
        (_, Some(number)) => reason_of(number),
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

/// By number: <https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html>,
/// <https://mariadb.com/kb/en/mariadb-error-codes/>. Only damaged tables are damage. A statement that the server refuses is refused
/// again, but the data is as it was: a backup would bring spent refresh tokens back.
fn reason_of(number: u16) -> StoreErrorReason {
    match number {
        // A damaged index, table or file.
        126 | 127 | 134 | 144 | 145 | 1034 | 1035 | 1194 | 1195 | 1712 => StoreErrorReason::Corrupt,
        _ if is_passing(number) => StoreErrorReason::Unavailable,
        _ => StoreErrorReason::Rejected,
    }
}

/// Whether the same call may succeed later.
fn is_passing(number: u16) -> bool {
    is_session_end(number)
        || is_rollback_for_others(number)
        || is_refusal_to_write(number)
        || matches!(
            number,
            // Disk full, out of memory or resources, too many connections.
            1021 | 1037 | 1038 | 1040 | 1041 | 1114 | 1135 | 1203 | 1226
            // Failed input or output, or an error while committing.
            | 1015 | 1023 | 1024 | 1026 | 1030 | 1180 | 1181 | 1399
            // A time limit, or an administrator ended the statement.
            | 1317 | 1969 | 3024
            // A dump has locked the tables, or the definition of a table has just changed.
            | 1223 | 1412
            // Galera: the node is not synchronized. Group Replication: a hook failed.
            | 1047 | 3100 | 3101
            // The host is blocked after too many failed connections.
            | 1129
        )
}

/// Whether the server refuses a call of a batch for one of its values.
pub(crate) fn is_of_a_value(error: &sqlx::Error) -> bool {
    // Out of range, too long, wrong, NULL, not unique, checks, what a trigger raises, and what is too large for a packet.
    matches!(
        number(error),
        Some(1048 | 1062 | 1153 | 1264 | 1265 | 1301 | 1366 | 1406 | 1644 | 3819 | 4025)
    ) || matches!(error, sqlx::Error::Encode(_))
}

/// Whether another transaction has inserted the same row.
pub(crate) fn is_duplicate(error: &sqlx::Error) -> bool {
    number(error) == Some(1062)
}

/// A value in the store is none of those that it may be.
pub(crate) fn unreadable(column: &'static str) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source: "an unknown value".into(),
    }
}

/// Whether the server writes nothing, as a replica does.
pub(crate) fn is_read_only(error: &sqlx::Error) -> bool {
    number(error).is_some_and(is_refusal_to_write)
}

fn is_refusal_to_write(number: u16) -> bool {
    matches!(number, 1290 | 1792 | 1836)
}

/// Whether the transaction was rolled back, or has to be, because of another one: a deadlock, a conflict, or a lock that it did not get.
pub(crate) fn is_rolled_back_for_others(error: &sqlx::Error) -> bool {
    number(error).is_some_and(is_rollback_for_others)
}

fn is_rollback_for_others(number: u16) -> bool {
    // 3572 is MySQL's for NOWAIT; 1020 is MariaDB's for a row that has changed since the transaction's snapshot; 1467 is a deadlock over the
    // next auto-increment.
    matches!(number, 1020 | 1205 | 1213 | 1467 | 1614 | 3572)
}

/// Whether the server has ended the transaction with this error, so that the connection can be used for another one.
pub(crate) fn is_transaction_over(error: &sqlx::Error) -> bool {
    number(error) == Some(1213)
}

/// Whether a server that does not accept a connection now may do so soon.
pub(crate) fn is_passing_refusal(error: &sqlx::Error) -> bool {
    // Too many connections.
    matches!(number(error), Some(1040 | 1203)) || is_connection_lost(error)
}

/// Whether the connection is of no more use, and another one may help.
pub(crate) fn is_connection_lost(error: &sqlx::Error) -> bool {
    match number(error) {
        Some(number) => is_session_end(number),
        None => match error {
            sqlx::Error::Io(error) => error.kind() != std::io::ErrorKind::TimedOut,
            sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => true,
            _ => false,
        },
    }
}

/// Whether the server or a proxy ended the session with this error. 9001 and 9002 are ProxySQL's.
fn is_session_end(number: u16) -> bool {
    matches!(
        number,
        1053 | 1079 | 1158..=1161 | 1184 | 1927 | 2006 | 2013 | 2026 | 4031 | 9001 | 9002
    )
}

/// Whether the transaction may be committed although the server reports this error.
fn may_have_committed(number: u16) -> bool {
    is_session_end(number) || matches!(number, 1180 | 1317 | 3100 | 3101)
}

/// The server's number of the error, where the error is the server's.
pub(crate) fn number(error: &sqlx::Error) -> Option<u16> {
    let error = error.as_database_error()?;
    Some(error.try_downcast_ref::<MySqlDatabaseError>()?.number())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h23_a_statement_that_the_server_refuses_is_no_damage() {
        // No table, no column, no right, bad syntax, a duplicate, a value that is too long, no such database.
        for number in [1146, 1054, 1142, 1044, 1064, 1062, 1406, 1049, 1665, 1153, 1568] {
            assert_eq!(reason_of(number), StoreErrorReason::Rejected, "{number}");
        }
        // Shutdown, killed, deadlock, lock wait timeout, disk full, read-only, too many connections, interrupted.
        for number in [1053, 1927, 1213, 1205, 1114, 1021, 1290, 1836, 1040, 1317, 1180] {
            assert_eq!(reason_of(number), StoreErrorReason::Unavailable, "{number}");
        }
        assert_eq!(reason_of(1034), StoreErrorReason::Corrupt);
    }
}
