//! Why a code gave no connection.

use revento_core::{RequestId, error::ErrorKind};
use revento_oauth::ExchangeError;

use super::cause::Cause;
use crate::url::TOKEN_ENDPOINT;

/// A code gave no stored connection: the human has to consent again. The code is spent, unless it was [not sent](Self::NotStarted).
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The store or the sealer does not work, so the code was not sent: its tokens would have been lost.
    #[error(
        "the code was not sent, because its tokens could not have been stored; no tokens were issued: connect again when the store works"
    )]
    NotStarted {
        /// The error of the store or the sealer.
        source: Cause,
    },
    /// The platform refused the code, or answered with something that must not be stored.
    #[error("the code gave no connection: {} (request {request_id})", remedy(source))]
    Exchange {
        /// The request's id.
        request_id: RequestId,
        /// What was wrong.
        source: ExchangeError,
    },
    /// No answer came. Whether the platform issued tokens is unknown; a code is never sent twice.
    #[error("no answer to the code came: connect again (request {request_id})")]
    NoAnswer {
        /// The request's id.
        request_id: RequestId,
        /// Whether the platform may have received the request, and so may have issued tokens.
        may_have_arrived: bool,
        /// What happened to the request.
        source: Cause,
    },
    /// The platform issued tokens, and they could not be stored. They are dropped.
    #[error(
        "the new connection could not be stored, and its tokens are dropped: connect again when the store works (request {request_id})"
    )]
    NotStored {
        /// The request's id.
        request_id: RequestId,
        /// The error of the store or the sealer.
        source: Cause,
    },
}

revento_core::readable_debug!(ConnectError);

/// A browser shows the message of [`ConnectError::Exchange`] without its source.
fn remedy(source: &ExchangeError) -> &'static str {
    match source.kind() {
        ErrorKind::Configuration => "connect again when the settings of this service are right",
        _ => "connect again",
    }
}

impl ConnectError {
    /// Who is at fault, and so what helps.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Exchange { source, .. } => source.kind(),
            Self::NotStarted { source } | Self::NoAnswer { source, .. } | Self::NotStored { source, .. } => {
                source.kind()
            }
        }
    }

    /// Whether the same call can succeed later: never, because a code is used once. A new consent can.
    pub fn is_transient(&self) -> bool {
        false
    }

    /// Whether the platform may have issued tokens that nobody holds.
    pub fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::Exchange { source, .. } => source.may_have_taken_effect(),
            Self::NoAnswer { may_have_arrived, .. } => *may_have_arrived,
            Self::NotStored { .. } => true,
            Self::NotStarted { .. } => false,
        }
    }

    /// The id of the token request; `None` if none was sent.
    pub fn request_id(&self) -> Option<&RequestId> {
        match self {
            Self::Exchange { request_id, .. }
            | Self::NoAnswer { request_id, .. }
            | Self::NotStored { request_id, .. } => Some(request_id),
            Self::NotStarted { .. } => None,
        }
    }

    /// The token endpoint's path; `None` if no request was sent.
    pub fn endpoint(&self) -> Option<&'static str> {
        self.request_id().map(|_| TOKEN_ENDPOINT)
    }
}
