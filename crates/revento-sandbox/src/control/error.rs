//! Why a call that controls the sandbox failed.

use crate::durability::WriteError;
use crate::error_kind::SandboxErrorKind;
use crate::platform::commands::CommandError;

/// Why a call that controls the sandbox failed. Each message says what to do.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// The thing to act on does not exist.
    #[error("{0}")]
    NotFound(String),
    /// It exists, but the action does not fit its present state.
    #[error("{0}")]
    Conflict(String),
    /// The data file could not be written. The sandbox writes the change together with the next one.
    #[error("{0}")]
    Unwritten(String),
}

crate::error_kind::readable_debug!(ControlError);

impl ControlError {
    /// What kind of error this is.
    pub fn kind(&self) -> SandboxErrorKind {
        match self {
            Self::NotFound(_) => SandboxErrorKind::Usage,
            Self::Conflict(_) => SandboxErrorKind::Refused,
            Self::Unwritten(_) => SandboxErrorKind::Storage,
        }
    }

    /// Whether the same call may succeed later: when the data file can be written again.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unwritten(_))
    }

    /// Whether the call may have changed the sandbox: when only the data file lacks the change.
    pub fn may_have_taken_effect(&self) -> bool {
        matches!(self, Self::Unwritten(_))
    }
}

impl From<CommandError> for ControlError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::NotFound(text) => Self::NotFound(text),
            CommandError::Conflict(text) => Self::Conflict(text),
        }
    }
}

impl From<WriteError> for ControlError {
    fn from(error: WriteError) -> Self {
        Self::Unwritten(error.to_string())
    }
}
