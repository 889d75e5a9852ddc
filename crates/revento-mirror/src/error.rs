//! [`MirrorError`]: why a mirror failed.

use std::sync::Arc;

use revento_api::Error as ReadError;
use revento_core::{
    EnvelopeError,
    error::{ErrorKind, chain},
};
use revento_store::StoreError;

/// A mirror failed. What was written is whole: a page or a webhook is applied completely or not at all.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum MirrorError {
    /// The store failed.
    #[error(
        "the mirror's store failed; a write may have taken effect, and to repeat it is harmless: try again"
    )]
    Store(#[source] Arc<StoreError>),
    /// The platform could not be read.
    #[error("the mirror could not read the platform; it goes on at the same page later")]
    Read(#[source] Arc<ReadError>),
    /// The data of a webhook breaks the contract. In a handler of the inbox `?` buries the delivery.
    #[error(
        "the mirror cannot read the webhook's data, and changed nothing: update the SDK, and requeue the delivery"
    )]
    Unreadable(#[from] EnvelopeError),
    /// Other writers changed the same rows again and again.
    #[error(
        "other writers changed the same rows of the mirror again and again; nothing was changed: try again"
    )]
    Contended,
    /// The mirror's notes about the event cannot be read.
    #[error(
        "the mirror's notes about the event cannot be read, and nothing was changed: a newer version wrote them, so update this program"
    )]
    Notes(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

revento_core::readable_debug!(MirrorError);

impl MirrorError {
    /// Who is at fault, or what helps.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Read(error) => error.kind(),
            Self::Unreadable(error) => error.kind(),
            Self::Contended | Self::Notes(_) => ErrorKind::Storage,
        }
    }

    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::Read(error) => error.is_transient(),
            Self::Contended => true,
            Self::Unreadable(_) | Self::Notes(_) => false,
        }
    }

    /// Whether the call may have changed something.
    pub fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::Store(error) => error.may_have_taken_effect(),
            Self::Read(_) | Self::Unreadable(_) | Self::Contended | Self::Notes(_) => false,
        }
    }
}

impl MirrorError {
    /// The cause is kept as a text in which no value is quoted.
    pub(crate) fn notes(error: &serde_json::Error) -> Self {
        let cause: Box<dyn std::error::Error + Send + Sync> = chain(error).to_string().into();
        Self::Notes(cause.into())
    }
}

impl From<ReadError> for MirrorError {
    fn from(error: ReadError) -> Self {
        Self::Read(Arc::new(error))
    }
}

impl From<StoreError> for MirrorError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}
