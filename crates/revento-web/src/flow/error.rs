//! Why a flow led to no connection.

use std::{error::Error, time::Duration};

use http::{HeaderValue, Response, StatusCode, header::RETRY_AFTER};
use revento_api::ConnectError;
use revento_core::{EventId, RequestId, TokenKind, error::ErrorKind};
use revento_oauth::CallbackError;
use revento_store::StoreError;

use crate::browser::page::{empty, text};

/// When the browser may repeat a callback after the store failed, in seconds.
const STORE_RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

/// Why a flow led to no connection.
///
/// For services without a page of their own, [`to_response`](Self::to_response) makes a line of text of it.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum FlowError {
    /// The platform or the human refused, or the callback belongs to no flow of this browser.
    #[error(transparent)]
    Callback(#[from] CallbackError),
    /// The code gave no stored connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// This callback was used before, by this replica or by another one: a double click, or a browser that did not get the first
    /// response. Its code was sent, or its process died before it could send it. The first request may still be at work.
    #[error("this callback was used before; connect again if there is no connection yet")]
    AlreadyUsed {
        /// The event of the flow. Its page shows whether there is a connection.
        event_id: EventId,
        /// Whether an organizer connects (`Installation`) or a participant signs in (`User`).
        token_kind: TokenKind,
    },
    /// The store cannot say whether the callback was used before. The callback is still good, unless the store took the mark of the
    /// flow and its answer was lost.
    #[error(
        "the store cannot say whether this callback was used before, and nothing was sent: load this page again"
    )]
    Store(#[source] StoreError),
    /// Too many codes are being exchanged ([`ExchangeLimits`](crate::ExchangeLimits)). The callback is still good.
    #[error(
        "too many people are connecting at this moment, and nothing was sent: load this page again in {} seconds",
        retry_after.as_secs()
    )]
    Busy {
        /// When to load the callback's page again.
        retry_after: Duration,
    },
    /// The browser prefetched or prerendered the callback, or a `HEAD` asked about it. Nothing has happened.
    #[error("nobody has opened this page yet, and nothing was sent: open it to go on")]
    NotOpened {
        /// 503 for a prefetch, so that the browser does not keep the response; 204 for a `HEAD`.
        status: StatusCode,
    },
    /// The address that the platform's panel opened names no event.
    #[error("{0}, so it is unknown what to connect: connect from the event's integrations panel again")]
    NoEvent(&'static str),
    /// The flow could not begin. Nothing was sent.
    #[error("the authorization cannot begin, and nothing was sent: try again")]
    Begin {
        /// `Internal` for missing random bytes, `Sealing` for the cookie, `Configuration` for the address, `Usage` for ids
        /// and scopes that are too long for a cookie.
        kind: ErrorKind,
        /// The error of the random source or of the sealer.
        source: Box<dyn Error + Send + Sync>,
    },
}

revento_core::readable_debug!(FlowError);

impl FlowError {
    /// A status for the page that shows the error.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Callback(_) | Self::NoEvent(_) => StatusCode::BAD_REQUEST,
            Self::Connect(_) => StatusCode::BAD_GATEWAY,
            Self::AlreadyUsed { .. } => StatusCode::CONFLICT,
            Self::Busy { .. } | Self::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotOpened { status } => *status,
            Self::Begin { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// Who is at fault.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Callback(error) => error.kind(),
            Self::Connect(error) => error.kind(),
            Self::Busy { .. } => ErrorKind::RateLimited,
            Self::Store(error) => error.kind(),
            Self::NotOpened { .. } | Self::NoEvent(_) | Self::AlreadyUsed { .. } => ErrorKind::Rejected,
            Self::Begin { kind, .. } => *kind,
        }
    }

    /// Whether the same call can succeed later. Begin a new flow, except after [`Busy`](Self::Busy), [`Store`](Self::Store) and
    /// [`NotOpened`](Self::NotOpened): these callbacks are still good.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Callback(error) => error.is_transient(),
            Self::Connect(error) => error.is_transient(),
            Self::Busy { .. } | Self::NotOpened { .. } => true,
            Self::Store(error) => error.is_transient(),
            Self::NoEvent(_) | Self::AlreadyUsed { .. } => false,
            Self::Begin { kind, .. } => matches!(kind, ErrorKind::Internal | ErrorKind::Sealing),
        }
    }

    /// Whether the platform may have issued tokens.
    pub fn may_have_taken_effect(&self) -> bool {
        match self {
            Self::Callback(error) => error.may_have_taken_effect(),
            Self::Connect(error) => error.may_have_taken_effect(),
            Self::AlreadyUsed { .. } => true,
            // The mark is the only thing that a failed store may have written.
            Self::Store(_)
            | Self::Busy { .. }
            | Self::NotOpened { .. }
            | Self::NoEvent(_)
            | Self::Begin { .. } => false,
        }
    }

    /// The id of the request to the token endpoint, if one was sent.
    pub fn request_id(&self) -> Option<&RequestId> {
        match self {
            Self::Connect(error) => error.request_id(),
            _ => None,
        }
    }

    pub(super) fn begin(kind: ErrorKind, source: impl Error + Send + Sync + 'static) -> Self {
        Self::Begin {
            kind,
            source: Box::new(source),
        }
    }

    /// A line of text with the [status](Self::status): the response for services without a page of their own. Add the
    /// [`FlowHeaders`](crate::FlowHeaders) of a callback.
    pub fn to_response(&self) -> Response<String> {
        let mut response = match self.status() {
            StatusCode::NO_CONTENT => empty(StatusCode::NO_CONTENT),
            status => text(status, format!("Not connected: {self}.\n")),
        };
        if let Some(seconds) = self.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, seconds);
        }
        response
    }

    /// When the browser may repeat the callback, in seconds.
    pub(super) fn retry_after(&self) -> Option<HeaderValue> {
        match self {
            Self::Busy { retry_after } => Some(HeaderValue::from(retry_after.as_secs())),
            Self::Store(_) => Some(STORE_RETRY_AFTER),
            _ => None,
        }
    }

    /// Whether the browser can repeat the callback.
    pub(super) fn keeps_flow(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::NotOpened { .. } | Self::Store(_))
    }
}
