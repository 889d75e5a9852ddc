//! The end of a run.

use revento_core::{Connection, Timestamp};

use super::LoadedConnection;
use crate::token::OAuthErrorCode;

/// How a run ended.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq, Eq, Hash))]
pub enum RefreshOutcome {
    /// Use these tokens. Nothing was sent. The connection may be in doubt, or the token near its end.
    Use(Box<LoadedConnection>),
    /// The new pair is stored. Use it.
    Refreshed(Box<LoadedConnection>),
    /// The connection has ended: it needs consent, is revoked or is deleted.
    Ended(Box<Connection>),
    /// The store has no such connection.
    NotConnected,
    /// The access token has expired and the refresh token may be spent. Try again at `retry_at`.
    InDoubt {
        /// When the refresh token may be sent again.
        retry_at: Timestamp,
    },
    /// Another replica has been refreshing for longer than [`Timing::max_wait`](super::Timing::max_wait).
    Busy,
    /// The platform refused the request, such as with `invalid_client`. The refresh token is not spent.
    Refused {
        /// The error code.
        error: OAuthErrorCode,
        /// The platform's explanation, for humans.
        description: Option<String>,
    },
    /// The request was never sent. The refresh token is not spent.
    Unreachable,
    /// The store failed before anything was sent, or while it stored a doubt. No new pair is lost.
    StoreFailed,
}
