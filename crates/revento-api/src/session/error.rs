//! Why there is no access token.

use revento_core::{Reason, Timestamp, error::one_line};

/// There is no access token to be had. Each variant says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// Nobody has connected, or everything about the connection was deleted. Offer to connect.
    #[error("there is no connection: the organizer has to connect first")]
    NotConnected,
    /// The tokens are of no use any more. Stop background work and offer to connect again.
    #[error("the connection needs a new consent{}: offer to connect again", because(.reason))]
    NeedsConsent {
        /// Why.
        reason: Option<Reason>,
    },
    /// The platform ended the connection. Stop background work, delete cached data by the deadline.
    #[error("the connection has ended{}{}", because(.reason), deadline(.delete_by))]
    Revoked {
        /// Why.
        reason: Option<Reason>,
        /// By when cached data has to be gone.
        delete_by: Option<Timestamp>,
    },
    /// A refresh was sent, its outcome is unknown, and the access token is at its end. Try again after
    /// `retry_at`; the connection is not lost.
    #[error("a refresh is in doubt ({trouble}): try again after {retry_at}")]
    InDoubt {
        /// When the next attempt may be made.
        retry_at: Timestamp,
        /// What happened last.
        trouble: Box<str>,
    },
    /// Another replica has been refreshing for longer than this call waits. Try again.
    #[error("another process is still refreshing the connection: try again")]
    Busy,
    /// The platform refused our client, such as with `invalid_client`. The connection is intact; the configuration is not.
    #[error("the platform refused the refresh: {}{}; check the client id and secret", one_line(.error), described(.description))]
    Refused {
        /// The code of RFC 6749 §5.2.
        error: Box<str>,
        /// Its explanation.
        description: Option<String>,
    },
    /// The platform cannot be reached. The connection is intact. Try again later.
    #[error("the platform cannot be reached ({trouble}): the connection is intact, try again later")]
    Unreachable {
        /// What happened.
        trouble: Box<str>,
    },
    /// The store or the sealer failed before anything was sent. The connection is intact.
    #[error("the connection cannot be loaded: {trouble}")]
    Store {
        /// What happened.
        trouble: Box<str>,
    },
    /// New tokens came and could not be stored. They are kept in memory and stored as soon as the
    /// store is back; until then they are not used. **Do not restart the process.**
    #[error("new tokens cannot be stored ({trouble}): repair the store and do not restart this process")]
    Unsaved {
        /// What happened.
        trouble: Box<str>,
    },
}

fn because(reason: &Option<Reason>) -> String {
    reason
        .as_ref()
        .map(|reason| format!(" ({reason})"))
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
        .map(|text| format!(" ({})", one_line(text)))
        .unwrap_or_default()
}

impl SessionError {
    /// Whether the connection itself has ended: stop background work for it.
    pub fn is_ended(&self) -> bool {
        matches!(
            self,
            Self::NotConnected | Self::NeedsConsent { .. } | Self::Revoked { .. }
        )
    }

    /// Whether trying again later can help without anybody doing anything.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::InDoubt { .. } | Self::Busy | Self::Unreachable { .. } | Self::Store { .. }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a15_what_the_token_endpoint_says_cannot_forge_a_line_of_a_log() {
        let refused = SessionError::Refused {
            error: "odd\nERROR forged".into(),
            description: Some("no\r\n\u{1b}[31m".into()),
        };
        assert_eq!(
            refused.to_string(),
            r"the platform refused the refresh: odd\nERROR forged (no\r\n\u{1b}[31m); check the client id and secret"
        );
    }
}
