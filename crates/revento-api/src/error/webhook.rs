//! Why a webhook was not applied.

use revento_core::{EnvelopeError, error::ErrorKind};
use revento_store::StoreError;

/// A webhook was not applied completely to the connections that it ends.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum ApplyWebhookError {
    /// The store failed.
    #[error("the store failed while a webhook was applied; some connections may have ended: apply it again")]
    Store(#[from] StoreError),
    /// The webhook ends connections, and its data does not say which or by when the data has to be deleted.
    ///
    /// `data.deletion_required` has ended the connection of its event all the same, with the latest deadline of the contract (contract §2.6).
    /// `user.revoked_access` without a readable user has ended nothing.
    #[error(
        "a webhook that ends connections cannot be read; it may have taken effect in part: compare the connections with the developer console"
    )]
    Unreadable(#[from] EnvelopeError),
}

revento_core::readable_debug!(ApplyWebhookError);

impl ApplyWebhookError {
    /// Who is at fault, and so what helps.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Store(error) => error.kind(),
            Self::Unreadable(error) => error.kind(),
        }
    }

    /// Whether the same call can succeed later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) => error.is_transient(),
            Self::Unreadable(_) => false,
        }
    }

    /// Whether connections may have ended.
    pub fn may_have_taken_effect(&self) -> bool {
        true
    }
}
