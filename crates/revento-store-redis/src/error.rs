//! From Redis's errors to the kinds of failure that a caller can act on.

use redis::{ErrorKind, RedisError};
use revento_store::{StoreError, StoreErrorReason};

/// Codes of errors that pass by themselves: <https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors>, and what the
/// server's sources use.
const TRANSIENT: [&str; 10] = [
    "BUSY",
    "CLUSTERDOWN",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "NOREPLICAS",
    "OOM",
    "READONLY",
    "TRYAGAIN",
    "UNKILLABLE",
];

/// Converts the error of a write; `action` completes "while …".
pub(crate) fn failed(action: &'static str) -> impl Fn(RedisError) -> StoreError {
    move |error| StoreError::write(reason(&error), action, error)
}

/// Only what the store itself finds in a record is damage. A refused command is refused again, but the data is as it was.
fn reason(error: &RedisError) -> StoreErrorReason {
    match (error.kind(), error.code()) {
        (ErrorKind::UnexpectedReturnType, _) | (_, Some("WRONGTYPE")) => StoreErrorReason::Corrupt,
        (ErrorKind::Io, _) => StoreErrorReason::Unavailable,
        // Too many connections have no code of their own.
        (_, Some("ERR"))
            if error
                .detail()
                .is_some_and(|text| text.contains("max number of clients")) =>
        {
            StoreErrorReason::Unavailable
        }
        (_, Some(code)) if !TRANSIENT.contains(&code) => StoreErrorReason::Rejected,
        (ErrorKind::Parse | ErrorKind::AuthenticationFailed | ErrorKind::Client, None) => {
            StoreErrorReason::Rejected
        }
        _ => StoreErrorReason::Unavailable,
    }
}

/// Converts the error of a read; `action` completes "while …".
pub(crate) fn not_read(action: &'static str) -> impl Fn(RedisError) -> StoreError {
    move |error| StoreError::read(reason(&error), action, error)
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

#[cfg(test)]
mod tests {
    use redis::make_extension_error;

    use super::*;

    #[test]
    fn h23_a_refused_command_is_no_damage() {
        let of = |code: &str| reason(&make_extension_error(code.to_owned(), None));
        for code in ["NOPERM", "NOAUTH", "WRONGPASS", "ERR", "EXECABORT", "CROSSSLOT"] {
            assert_eq!(of(code), StoreErrorReason::Rejected, "{code}");
        }
        for code in TRANSIENT {
            assert_eq!(of(code), StoreErrorReason::Unavailable, "{code}");
        }
        assert_eq!(of("WRONGTYPE"), StoreErrorReason::Corrupt);
        let full = make_extension_error("ERR".to_owned(), Some("max number of clients reached".to_owned()));
        assert_eq!(reason(&full), StoreErrorReason::Unavailable);
        assert_eq!(reason(&unreadable("scopes")), StoreErrorReason::Corrupt);
        let no_redis = RedisError::from((ErrorKind::Parse, "an answer in another protocol"));
        assert_eq!(reason(&no_redis), StoreErrorReason::Rejected);
        let io = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        assert_eq!(reason(&io.into()), StoreErrorReason::Unavailable);
    }
}
