//! Why a read gave nothing.

use revento_core::{ApiErrorCode, RequestId};

use crate::SessionError;

/// A read failed. Reads have no effects, so each may be repeated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no access token. No call was made, unless the platform ended the connection with its answer.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The platform refused.
    #[error("the platform answered {status} {code}{}{}", told(.message), asked(.request_id))]
    Refused {
        /// The status.
        status: u16,
        /// What to branch on; where the answer was no error envelope, a code made from the status.
        code: ApiErrorCode,
        /// For humans.
        message: Option<String>,
        /// The request's id, for support.
        request_id: RequestId,
    },
    /// No answer came, after the attempts that make sense.
    #[error("no answer after {attempts} attempts ({trouble}; request {request_id}): try again later")]
    NoAnswer {
        /// How many requests were sent.
        attempts: u32,
        /// What happened last.
        trouble: String,
        /// The last request's id.
        request_id: RequestId,
    },
    /// An answer came that is not what the contract promises.
    #[error("the answer cannot be read ({problem}; request {request_id})")]
    Unreadable {
        /// What was wrong, with the place in the answer.
        problem: String,
        /// The request's id.
        request_id: RequestId,
    },
    /// The pages go round in circles or lead nowhere. What came before is good.
    #[error("the pages do not end: {problem}")]
    Pages {
        /// What was wrong.
        problem: &'static str,
    },
}

impl Error {
    /// Whether the connection itself has ended: stop background work for it and offer to connect again.
    pub fn is_connection_ended(&self) -> bool {
        matches!(self, Self::Session(error) if error.is_ended())
    }

    /// Whether trying again later can help without anybody doing anything.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Session(error) => error.is_transient(),
            Self::NoAnswer { .. } => true,
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
            Self::Unreadable { .. } | Self::Pages { .. } => false,
        }
    }

    /// The id of the request that failed, for support; none was sent where there is no token.
    pub fn request_id(&self) -> Option<&RequestId> {
        match self {
            Self::Refused { request_id, .. }
            | Self::NoAnswer { request_id, .. }
            | Self::Unreadable { request_id, .. } => Some(request_id),
            Self::Session(_) | Self::Pages { .. } => None,
        }
    }
}

fn told(message: &Option<String>) -> String {
    message
        .as_ref()
        .map(|text| format!(": {}", text.escape_debug()))
        .unwrap_or_default()
}

fn asked(request_id: &RequestId) -> String {
    format!(" (request {request_id})")
}
