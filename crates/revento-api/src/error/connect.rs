//! Why a code gave no connection.

use revento_core::{RequestId, error::ErrorKind};
use revento_oauth::ExchangeError;

use super::cause::Cause;
use crate::url::TOKEN_ENDPOINT;

/// A code gave no stored connection. The code is spent: the human has to consent again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The platform refused the code, or answered with something that must not be stored.
    #[error("the code gave no connection: connect again (request {request_id})")]
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

impl ConnectError {
    /// Who is at fault, and so what helps.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Exchange { source, .. } => source.kind(),
            Self::NoAnswer { source, .. } | Self::NotStored { source, .. } => source.kind(),
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
        }
    }

    /// The id of the token request.
    pub fn request_id(&self) -> Option<&RequestId> {
        match self {
            Self::Exchange { request_id, .. }
            | Self::NoAnswer { request_id, .. }
            | Self::NotStored { request_id, .. } => Some(request_id),
        }
    }

    /// The token endpoint's path.
    pub fn endpoint(&self) -> Option<&'static str> {
        Some(TOKEN_ENDPOINT)
    }
}
