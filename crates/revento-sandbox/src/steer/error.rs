//! Why a steering call did nothing.

use crate::durability::Unwritten;
use crate::platform::acts::Refused;

/// Why a steering call did nothing.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SteerError {
    /// There is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// It is there, but the act does not fit its present state.
    #[error("{0}")]
    Conflict(String),
    /// The data file could not be written.
    #[error("{0}")]
    Unwritten(String),
}

impl From<Refused> for SteerError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NotFound(text) => Self::NotFound(text),
            Refused::Conflict(text) => Self::Conflict(text),
        }
    }
}

impl From<Unwritten> for SteerError {
    fn from(error: Unwritten) -> Self {
        Self::Unwritten(error.to_string())
    }
}
