//! The errors of an inbox.

use std::time::Duration;

use revento_core::{EnvelopeId, error::ErrorKind, text::printable};
use revento_store::{SealError, StoreError};

/// The inbox did not accept a delivery.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// The unsigned type header disagrees with the signed body (contract §4.1). Answer 401.
    #[error("the event header does not name the type of the signed body; nothing was stored")]
    TypeMismatch,
    /// The inbox is accepting as many deliveries, or as many bytes, as it may at the same time
    /// ([`max_concurrent_accepts`](crate::Policy::max_concurrent_accepts),
    /// [`max_accepting_bytes`](crate::Policy::max_accepting_bytes)), because the store is slow or stalls. Answer 503: the platform
    /// sends the delivery again.
    #[error("the inbox is accepting as many deliveries as it may; nothing was stored: answer 503")]
    Overloaded,
    /// The store failed. Answer 503: the platform sends the delivery again, and the inbox deduplicates it.
    #[error("the store failed; {}: answer 503", if .0.may_have_taken_effect() { "the delivery may have been stored" } else { "nothing was stored" })]
    Store(#[from] StoreError),
    /// The sealer failed. Answer 503: the platform sends the delivery again.
    #[error("the body could not be sealed; nothing was stored: answer 503")]
    Seal(#[from] SealError),
}

revento_core::readable_debug!(AcceptError);

impl AcceptError {
    /// The class of the failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::TypeMismatch => ErrorKind::Rejected,
            Self::Overloaded => ErrorKind::RateLimited,
            Self::Store(_) => ErrorKind::Storage,
            Self::Seal(_) => ErrorKind::Sealing,
        }
    }

    /// Whether the inbox may accept the same delivery later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::TypeMismatch => false,
            Self::Overloaded => true,
            Self::Store(error) => error.is_transient(),
            Self::Seal(error) => error.is_transient(),
        }
    }

    /// Whether the delivery may have been stored.
    pub fn may_have_taken_effect(&self) -> bool {
        matches!(self, Self::Store(error) if error.may_have_taken_effect())
    }
}

/// The inbox did not queue a buried delivery again.
#[derive(thiserror::Error)]
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
    #[error("the store failed; {}: call again", if .0.may_have_taken_effect() { "the delivery may be queued again" } else { "nothing was changed" })]
    Store(#[from] StoreError),
}

revento_core::readable_debug!(RequeueError);

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
        matches!(self, Self::Store(error) if error.may_have_taken_effect())
    }
}

/// The inbox was not drained to its end.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum DrainError {
    /// The time until the deadline is shorter than the time limit of one attempt. Nothing was leased.
    #[error(
        "the deadline is in {time_left:?}, and one attempt may take {handler_timeout:?}; nothing was handled: \
         give the function more time, or set a shorter `Policy::handler_timeout`"
    )]
    TooLittleTime {
        /// The time until the deadline.
        time_left: Duration,
        /// The time limit of one attempt, [`Policy::handler_timeout`](crate::Policy::handler_timeout).
        handler_timeout: Duration,
    },
    /// The store failed. What was in progress was finished first.
    #[error(
        "the store failed; what was handled before stays handled, and the rest stays in the inbox: call again"
    )]
    Store(#[from] StoreError),
}

revento_core::readable_debug!(DrainError);

impl DrainError {
    /// The class of the failure.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::TooLittleTime { .. } => ErrorKind::Usage,
            Self::Store(_) => ErrorKind::Storage,
        }
    }

    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_transient())
    }

    /// Whether deliveries may have been handled.
    pub fn may_have_taken_effect(&self) -> bool {
        matches!(self, Self::Store(_))
    }
}

#[cfg(test)]
mod tests {
    use revento_store::{StoreError, StoreErrorReason};

    use super::{AcceptError, RequeueError};

    #[test]
    fn an_error_of_the_store_says_whether_something_was_stored() {
        for (reason, may) in [
            (StoreErrorReason::Unavailable, true),
            (StoreErrorReason::Corrupt, false),
        ] {
            let error = || StoreError::write(reason, "storing a delivery", "the disk");
            let (accept, requeue) = (AcceptError::from(error()), RequeueError::from(error()));
            assert_eq!(accept.may_have_taken_effect(), may, "{accept}");
            assert_eq!(requeue.may_have_taken_effect(), may, "{requeue}");
            assert_eq!(
                accept.to_string().contains("nothing was stored"),
                !may,
                "{accept}"
            );
            assert_eq!(
                requeue.to_string().contains("nothing was changed"),
                !may,
                "{requeue}"
            );
        }
    }
}
