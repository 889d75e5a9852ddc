//! The errors of an inbox.

use revento_core::{EnvelopeId, error::ErrorKind, text::printable};
use revento_store::{SealError, StoreError};

/// The inbox did not accept a delivery.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// The unsigned type header disagrees with the signed body (contract §4.1). Answer 401.
    #[error("the event header does not name the type of the signed body; nothing was stored")]
    TypeMismatch,
    /// The store failed. Answer 503: the platform sends the delivery again, and the inbox deduplicates it.
    #[error("the store failed; the delivery may have been stored: answer 503")]
    Store(#[from] StoreError),
    /// The sealer failed. Answer 503: the platform sends the delivery again.
    #[error("the body could not be sealed; nothing was stored: answer 503")]
    Seal(#[from] SealError),
}

impl AcceptError {
    /// The class of the failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::TypeMismatch => ErrorKind::Rejected,
            Self::Store(_) => ErrorKind::Storage,
            Self::Seal(_) => ErrorKind::Sealing,
        }
    }

    /// Whether the inbox may accept the same delivery later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::TypeMismatch => false,
            Self::Store(error) => error.is_transient(),
            Self::Seal(error) => error.is_transient(),
        }
    }

    /// Whether the delivery may have been stored.
    pub fn may_have_taken_effect(&self) -> bool {
        matches!(self, Self::Store(_))
    }
}

/// The inbox did not queue a buried delivery again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequeueError {
    /// The body was [expunged](crate::Policy::buried_retention). Nothing was changed.
    #[error(
        "{} cannot be queued again, because its body was expunged; nothing was changed: \
         replay the delivery from the developer console, which sends the body again",
        printable(.envelope_id.as_str())
    )]
    Expunged {
        /// The delivery.
        envelope_id: EnvelopeId,
    },
    /// The store failed. The delivery may be queued; calling again is safe.
    #[error("the store failed; the delivery may be queued again: call again")]
    Store(#[from] StoreError),
}

impl RequeueError {
    /// The class of the failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Expunged { .. } => ErrorKind::Usage,
            Self::Store(_) => ErrorKind::Storage,
        }
    }

    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_transient())
    }

    /// Whether the delivery may be queued.
    pub fn may_have_taken_effect(&self) -> bool {
        matches!(self, Self::Store(_))
    }
}
