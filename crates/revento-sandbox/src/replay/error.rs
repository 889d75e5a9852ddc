//! Why a recording could not be read or replayed.

use std::io;
use std::path::PathBuf;

use crate::error_kind::SandboxErrorKind;

/// Why a recording could not be read or replayed. Each message says what to do.
///
/// A receiver that fails is no error: see [`ReplayedWebhook::error`](super::ReplayedWebhook::error).
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The file cannot be read.
    #[error("the recording {} cannot be read; nothing was sent. Check its path and permissions", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        #[source]
        source: io::Error,
    },
    /// The file is not a recording, or a line of it is damaged.
    #[error("line {line} of the recording cannot be used: {message}. Nothing was sent")]
    Format {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it. It never quotes the line, which can hold personal data.
        message: String,
    },
    /// A newer program wrote the recording.
    #[error(
        "the recording has version {version}, and this program reads versions up to {supported}; nothing was sent. Use a newer program"
    )]
    Version {
        /// The version of the recording.
        version: u64,
        /// The newest version that this program reads.
        supported: u64,
    },
    /// [`Replay::to`](super::Replay::to) or [`Replay::secret`](super::Replay::secret) is missing or cannot be used.
    #[error("{what} cannot be used: {reason}. Nothing was sent")]
    Configuration {
        /// Which setting.
        what: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The HTTP client cannot be built.
    #[error("the HTTP client cannot be built; nothing was sent")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The machine has no random bytes for new delivery ids.
    #[error(
        "the machine has no random bytes for a delivery id; the deliveries before it were sent. Try again"
    )]
    Entropy,
}

crate::error_kind::readable_debug!(ReplayError);

impl ReplayError {
    /// What kind of error this is.
    pub fn kind(&self) -> SandboxErrorKind {
        match self {
            Self::File { .. } => SandboxErrorKind::Storage,
            Self::Format { .. } | Self::Version { .. } => SandboxErrorKind::Usage,
            Self::Configuration { .. } => SandboxErrorKind::Configuration,
            Self::Client(_) | Self::Entropy => SandboxErrorKind::Internal,
        }
    }

    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Entropy)
    }

    /// Whether deliveries may have been sent.
    pub fn may_have_taken_effect(&self) -> bool {
        matches!(self, Self::Entropy)
    }
}
