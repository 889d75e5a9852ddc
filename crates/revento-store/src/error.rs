//! What a store can fail with.

use std::{error::Error, fmt};

/// What kind of failure it was, and so what helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The engine cannot be reached, is busy, or its disk is full. Trying later can help. A write
    /// may or may not have taken effect.
    Unavailable,
    /// What is stored cannot be read: damaged, or written by something else.
    Corrupt,
    /// The data was written by a newer version of the store.
    TooNew,
}

/// A store did not do what it was asked. An expected answer (absent, exists, conflict) is never an error.
///
/// Its text says what was being done and what helps; the engine's own words are its
/// [`source`](Error::source), so that a report of the whole chain says each thing once.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    doing: &'static str,
    source: Box<dyn Error + Send + Sync>,
}

impl StoreError {
    /// An error while `doing` something, such as "loading a connection".
    pub fn new(
        kind: StoreErrorKind,
        doing: &'static str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self {
            kind,
            doing,
            source: source.into(),
        }
    }

    /// What kind of failure it was.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, next) = match self.kind {
            StoreErrorKind::Unavailable => ("the store is not available", "a write may have taken effect"),
            StoreErrorKind::Corrupt => ("the store's data cannot be read", "restore it from a backup"),
            StoreErrorKind::TooNew => ("the store is from a newer version", "update this program"),
        };
        write!(f, "{what} while {}; {next}", self.doing)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_says_each_thing_once() {
        let error = StoreError::new(StoreErrorKind::Unavailable, "loading a connection", "disk full");
        assert_eq!(
            error.to_string(),
            "the store is not available while loading a connection; a write may have taken effect"
        );
        assert_eq!(error.source().unwrap().to_string(), "disk full");
    }
}
