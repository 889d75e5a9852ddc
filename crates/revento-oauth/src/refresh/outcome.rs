//! How a run ends.

use revento_core::{Connection, Timestamp};

use super::LoadedConnection;
use crate::token::OAuthErrorCode;

/// The end of a run.
#[derive(Debug, Clone)]
#[cfg_attr(test, derive(PartialEq, Eq, Hash))]
pub enum RefreshOutcome {
    /// Use these tokens; nothing was sent. The connection may be in doubt, or close to its end.
    Use(Box<LoadedConnection>),
    /// The new pair is stored; use it.
    Refreshed(Box<LoadedConnection>),
    /// The connection has ended: it needs consent, is revoked, or deleted.
    Ended(Box<Connection>),
    /// There is no such connection.
    NotConnected,
    /// The refresh token may be spent and the access token is of no use. Try again after `retry_at`.
    InDoubt {
        /// When the token may be tried again.
        retry_at: Timestamp,
    },
    /// Another replica has been refreshing for longer than this caller waits.
    Busy,
    /// The platform refused the request for a reason of ours, such as `invalid_client`. The refresh token is unspent.
    Refused {
        /// What to branch on.
        error: OAuthErrorCode,
        /// For humans.
        description: Option<String>,
    },
    /// The platform could not be reached. The refresh token is unspent.
    Unreachable,
    /// The store failed before anything was sent, or could not note what is not vital.
    StoreFailed,
}
