//! [`StoreError`]: why a store failed.

use std::{error::Error, fmt};

use revento_core::error::ErrorKind;

/// What failed in a store, and so what helps: waiting ([`Unavailable`](Self::Unavailable)), a change of the settings
/// ([`Rejected`](Self::Rejected)), or neither.
///
/// | | PostgreSQL (SQLSTATE) | MySQL, MariaDB (error) | SQLite (result code) |
/// |---|---|---|---|
/// | `Unavailable`: connection lost, server stops or starts | class `08`, `57P0x` | 1053, 2006, 2013 | – |
/// | `Unavailable`: too many connections | `53300` | 1040, 1203, 1226 | – |
/// | `Unavailable`: waited too long, deadlock, serialization failure | `55P03`, `57014`, `40P01`, `40001` | 1205, 1213, 3024 | `BUSY`, `LOCKED` |
/// | `Unavailable`: disk, memory or a table is full | class `53`, `58` | 1021, 1041, 1114 | `FULL`, `IOERR`, `NOMEM` |
/// | `Unavailable`: a replica, or a server that only reads now | `25006` | 1290, 1792, 1836 | – |
/// | `Rejected`: no such table or column, another type | `42P01`, `42703`, `42804` | 1054, 1146 | `ERROR`, `MISMATCH` |
/// | `Rejected`: no rights, wrong password | `42501`, class `28` | 1044, 1045, 1142, 1227 | `PERM`, `READONLY`, `AUTH`, `CANTOPEN` |
/// | `Rejected`: a value that the column or the engine does not take | classes `22`, `23`, `54` | 1062, 1153, 1264, 1366, 1406 | `CONSTRAINT`, `TOOBIG` |
/// | `Corrupt`: damage, or a value that no store has written | `XX001`, `XX002` | 1034, 1194 | `CORRUPT`, `NOTADB` |
///
/// An engine that is full is `Unavailable`, also if a setting is the limit (LMDB's `MDB_MAP_FULL`, Redis' `maxmemory`, a quota): deleting
/// makes room while the service runs. In doubt choose `Unavailable`, too: callers try again, and an operator reads the cause in the
/// [`source`](Error::source) of the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorReason {
    /// An outage: the engine cannot be reached, is busy, or is full. The same call may succeed later. A write may have
    /// taken effect.
    Unavailable,
    /// The stored data cannot be read: it is damaged, or another program wrote it.
    Corrupt,
    /// A misconfiguration: the engine, or a pooler or proxy in front of it, refuses the call, because its settings, its tables or rights
    /// and this program do not fit together. The data is as it was. The same call fails until somebody changes one of them.
    Rejected,
    /// A newer version of the store wrote the data.
    TooNew,
}

/// A store failed. An expected answer (absent, exists, conflict) is never an error.
///
/// The text says what failed during which action and what helps. The engine's own error is the
/// [`source`](Error::source).
pub struct StoreError {
    reason: StoreErrorReason,
    action: &'static str,
    may_have_taken_effect: bool,
    source: Box<dyn Error + Send + Sync>,
}

revento_core::readable_debug!(StoreError);

impl StoreError {
    /// The error of a call that only reads. `action` completes "while …", such as "loading a connection".
    pub fn read(
        reason: StoreErrorReason,
        action: &'static str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::write(reason, action, source).without_effect()
    }

    /// The error of a call that writes, or may write. `action` completes "while …", such as "storing a new connection".
    ///
    /// The write may have taken effect if the store is [unavailable](StoreErrorReason::Unavailable): its answer may be what was lost.
    /// Add [`without_effect`](Self::without_effect) if the write certainly did not happen, for example because the engine was never
    /// reached, or has rolled the transaction back.
    pub fn write(
        reason: StoreErrorReason,
        action: &'static str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self {
            reason,
            action,
            may_have_taken_effect: reason == StoreErrorReason::Unavailable,
            source: source.into(),
        }
    }

    /// The same error of a write that has certainly changed nothing.
    #[must_use]
    pub fn without_effect(mut self) -> Self {
        self.may_have_taken_effect = false;
        self
    }

    /// What failed.
    pub fn reason(&self) -> StoreErrorReason {
        self.reason
    }

    /// Always [`ErrorKind::Storage`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Storage
    }

    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        self.reason == StoreErrorReason::Unavailable
    }

    /// Whether the write may have happened. `false` for a read.
    pub fn may_have_taken_effect(&self) -> bool {
        self.may_have_taken_effect
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, help) = match self.reason {
            StoreErrorReason::Unavailable if self.may_have_taken_effect => (
                "the store is not available",
                "the write may have taken effect: try again later",
            ),
            StoreErrorReason::Unavailable => ("the store is not available", "try again later"),
            StoreErrorReason::Corrupt => (
                "the store's data cannot be read",
                "find the cause first, because a restored backup ends each connection that was refreshed since",
            ),
            StoreErrorReason::Rejected => (
                "the store's engine refuses the call",
                "the data is as it was: check the engine's settings, its tables and rights, and a pooler in front of it",
            ),
            StoreErrorReason::TooNew => ("a newer version wrote the store's data", "update this program"),
        };
        write!(f, "{what} while {}; {help}", self.action)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

#[cfg(test)]
mod tests {
    use revento_core::error::chain;

    use super::*;

    #[test]
    fn the_chain_has_each_text_once() {
        let error = StoreError::write(
            StoreErrorReason::Unavailable,
            "storing a new connection",
            "disk full",
        );
        assert_eq!(
            chain(&error).to_string(),
            "the store is not available while storing a new connection; the write may have taken effect: try again \
             later: disk full"
        );
        assert!(error.is_transient() && error.may_have_taken_effect());
        let error = error.without_effect();
        assert!(!error.may_have_taken_effect());
        assert_eq!(
            error.to_string(),
            "the store is not available while storing a new connection; try again later"
        );
    }
}
