//! Why one request got no usable answer.

use std::time::Duration;

use revento_core::error::ErrorKind;
use revento_transport::TransportError;

/// One request got no usable answer.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The transport failed.
    #[error(transparent)]
    Transport(TransportError),
    /// The transport did not answer in the time that the request may take.
    #[error("no answer came within {limit:?}; the request may have arrived")]
    TimedOut {
        /// The time that the request may take.
        limit: Duration,
    },
    /// The transport panicked.
    #[error("the transport panicked; the request may have arrived")]
    Panicked,
}

revento_core::readable_debug!(SendError);

impl SendError {
    /// What the failure is about.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Transport(error) => error.kind(),
            Self::TimedOut { .. } => ErrorKind::Timeout,
            Self::Panicked => ErrorKind::Internal,
        }
    }

    /// Whether the same request can succeed later. A response that is too large stays too large.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Transport(error) => error.is_transient(),
            Self::TimedOut { .. } | Self::Panicked => true,
        }
    }

    /// Whether the platform may have received the request.
    pub fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::Transport(error) => error.may_have_taken_effect(),
            Self::TimedOut { .. } | Self::Panicked => true,
        }
    }
}
