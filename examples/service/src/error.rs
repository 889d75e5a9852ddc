//! The error of the start.

use revento::{ErrorKind, oauth::ConfigError, transport_reqwest::BuildError, webhooks::SecretError};

use crate::DataDirError;

/// The integration cannot start. The data is unchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The data directory cannot be used.
    #[error(transparent)]
    Data(#[from] DataDirError),
    /// A setting is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The webhook signing secret is wrong.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The HTTP client cannot be built.
    #[error(transparent)]
    Transport(#[from] BuildError),
}

impl SetupError {
    /// Who is at fault, or what helps.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Data(error) => error.kind(),
            Self::Config(error) => error.kind(),
            Self::Transport(error) => error.kind(),
            Self::Secret(_) => ErrorKind::Configuration,
        }
    }

    /// Whether the same start can succeed later without a change.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Data(error) if error.is_transient())
    }

    /// Always false: nothing was sent and no data was changed.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }
}
