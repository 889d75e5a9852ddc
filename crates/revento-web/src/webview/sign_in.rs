//! Why nobody was signed in.

use std::error::Error;

use revento_core::error::ErrorKind;

/// Why nobody was signed in.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// The connection is an organizer's. Request scopes of Login with Revento (contract §2.2).
    #[error("the connection is an organizer's, not a participant's: request user scopes")]
    NotAParticipant,
    /// The system gave no random bytes, or the sealer failed.
    #[error("the session could not be sealed, and nobody was signed in: try again")]
    NotSealed(#[source] Box<dyn Error + Send + Sync>),
}

revento_core::readable_debug!(SignInError);

impl SignInError {
    /// Who is at fault.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotAParticipant => ErrorKind::Usage,
            Self::NotSealed(_) => ErrorKind::Sealing,
        }
    }

    /// Whether the same call can succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::NotSealed(_))
    }

    /// Whether the call may have taken effect: never.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }

    pub(super) fn not_sealed(error: impl Error + Send + Sync + 'static) -> Self {
        Self::NotSealed(Box::new(error))
    }
}
