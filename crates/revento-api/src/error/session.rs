//! Why there is no access token.

use revento_core::{RequestId, StatusReason, Timestamp, error::ErrorKind, text::printable};

use super::cause::Cause;
use crate::url::TOKEN_ENDPOINT;

/// There is no access token. Each variant says what to do.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// No organizer or participant has connected, or everything about the connection was deleted.
    #[error("there is no connection: offer to connect")]
    NotConnected,
    /// The tokens cannot be used or refreshed. Stop background work for the connection.
    #[error("the connection needs a new consent{}: offer to connect again", because(.reason))]
    NeedsConsent {
        /// The reason, if it is known.
        reason: Option<StatusReason>,
    },
    /// The platform ended the connection. Stop background work, and delete cached data by the deadline.
    #[error("the connection has ended{}{}", because(.reason), deadline(.delete_by))]
    Revoked {
        /// The reason, if it is known.
        reason: Option<StatusReason>,
        /// The deadline for the deletion of cached data.
        delete_by: Option<Timestamp>,
    },
    /// A refresh was sent, its outcome is unknown, and the access token has expired. The connection is not lost.
    #[error("the outcome of a refresh is unknown; it may have taken effect: try again after {retry_at}")]
    InDoubt {
        /// When the next attempt may be made.
        retry_at: Timestamp,
        /// The id of the refresh request, when this call sent it.
        request_id: Option<RequestId>,
        /// What happened to the request.
        source: Option<Cause>,
    },
    /// Another replica has been refreshing for longer than this call waits.
    #[error("another process is still refreshing the connection: try again")]
    Busy,
    /// The platform refused the client, for example with `invalid_client`. The connection is intact; the
    /// configuration is wrong.
    #[error("the platform refused the refresh with {}{}: check the client id and secret", printable(.error), described(.description))]
    Refused {
        /// The code of RFC 6749 §5.2.
        error: Box<str>,
        /// Its explanation.
        description: Option<String>,
        /// The id of the refresh request.
        request_id: Option<RequestId>,
    },
    /// The platform cannot be reached. The connection is intact.
    #[error("the platform cannot be reached; the connection is intact: try again later")]
    Unreachable {
        /// The id of the refresh request.
        request_id: Option<RequestId>,
        /// What happened to the request.
        source: Option<Cause>,
    },
    /// The store failed before anything was sent. The connection is intact.
    #[error("the store failed before a refresh was sent; the connection is intact: repair the store")]
    Store {
        /// The store's error.
        source: Option<Cause>,
    },
    /// The stored tokens cannot be opened: a sealing key is missing. Nothing was sent.
    #[error("the stored tokens cannot be opened; nothing was sent: give the sealer the key that sealed them")]
    Sealing {
        /// The sealer's error.
        source: Option<Cause>,
    },
    /// The platform issued new tokens, and they cannot be stored. They are kept in memory and are not used until the
    /// store has them. **Do not restart the process.**
    #[error(
        "new tokens cannot be stored and are kept in memory: repair the store, and do not restart this process"
    )]
    Unsaved {
        /// The id of the refresh request, when this call sent it.
        request_id: Option<RequestId>,
        /// The store's error.
        source: Option<Cause>,
    },
    /// The store, the sealer, the clock or a callback panicked during a refresh.
    #[error("a dependency panicked while the connection was refreshed; {}: see its panic message, then try again",
        if *.sent { "the refresh may have taken effect" } else { "nothing was sent" })]
    Panicked {
        /// Whether the refresh request was sent before.
        sent: bool,
        /// The id of the refresh request.
        request_id: Option<RequestId>,
    },
}

revento_core::readable_debug!(SessionError);

impl SessionError {
    /// Who is at fault, and so what helps.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotConnected | Self::NeedsConsent { .. } | Self::Revoked { .. } => {
                ErrorKind::ConsentRequired
            }
            Self::Refused { .. } => ErrorKind::Configuration,
            Self::InDoubt { source, .. } | Self::Unreachable { source, .. } => {
                source.as_ref().map_or(ErrorKind::Network, Cause::kind)
            }
            Self::Busy => ErrorKind::Timeout,
            Self::Store { .. } | Self::Unsaved { .. } => ErrorKind::Storage,
            Self::Sealing { .. } => ErrorKind::Sealing,
            Self::Panicked { .. } => ErrorKind::Internal,
        }
    }

    /// Whether the same call can succeed later without anybody's help.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::InDoubt { .. }
                | Self::Busy
                | Self::Unreachable { .. }
                | Self::Store { .. }
                | Self::Panicked { .. }
        )
    }

    /// Whether a refresh may have spent the refresh token.
    pub fn may_have_taken_effect(&self) -> bool {
        matches!(
            self,
            Self::InDoubt { .. } | Self::Unsaved { .. } | Self::Panicked { sent: true, .. }
        )
    }

    /// Whether the connection has ended: stop background work for it, and offer to connect again.
    pub fn is_connection_ended(&self) -> bool {
        matches!(
            self,
            Self::NotConnected | Self::NeedsConsent { .. } | Self::Revoked { .. }
        )
    }

    /// The id of the refresh request that this call sent.
    pub fn request_id(&self) -> Option<&RequestId> {
        match self {
            Self::InDoubt { request_id, .. }
            | Self::Refused { request_id, .. }
            | Self::Unreachable { request_id, .. }
            | Self::Unsaved { request_id, .. }
            | Self::Panicked { request_id, .. } => request_id.as_ref(),
            _ => None,
        }
    }

    /// The token endpoint's path, when this call sent a request.
    pub fn endpoint(&self) -> Option<&'static str> {
        self.request_id().map(|_| TOKEN_ENDPOINT)
    }
}

fn because(reason: &Option<StatusReason>) -> String {
    reason
        .as_ref()
        .map(|reason| format!(" ({})", printable(reason.as_str())))
        .unwrap_or_default()
}

fn deadline(delete_by: &Option<Timestamp>) -> String {
    delete_by
        .map(|at| format!(": delete its data by {at}"))
        .unwrap_or_default()
}

fn described(description: &Option<String>) -> String {
    description
        .as_ref()
        .map(|text| format!(" ({})", printable(text)))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a15_a_text_of_the_token_endpoint_cannot_forge_a_line_of_a_log() {
        let refused = SessionError::Refused {
            error: "odd\nERROR forged".into(),
            description: Some("no\r\n\u{1b}[31m".into()),
            request_id: None,
        };
        assert_eq!(
            refused.to_string(),
            r"the platform refused the refresh with odd\nERROR forged (no\r\n\u{1b}[31m): check the client id and secret"
        );
    }

    #[test]
    fn a_panic_says_whether_the_refresh_may_have_taken_effect() {
        let request_id = None;
        let before = SessionError::Panicked {
            sent: false,
            request_id: request_id.clone(),
        };
        assert!(!before.may_have_taken_effect());
        assert!(before.to_string().contains("nothing was sent"));
        let after = SessionError::Panicked {
            sent: true,
            request_id,
        };
        assert!(after.may_have_taken_effect());
        assert!(after.to_string().contains("the refresh may have taken effect"));
    }
}
