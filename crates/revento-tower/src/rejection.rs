//! Why a request is rejected.

use std::{error::Error, time::Duration};

use http::{Method, StatusCode};
use http_body_util::LengthLimitError;
use revento_core::{EnvelopeError, error::ErrorKind};
use revento_inbox::AcceptError;
use revento_webhooks::{BodyTooLarge, EventError, VerifyError};

/// A request that was not accepted. The text of the response helps the owner and no attacker.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// 405, or 204 to OPTIONS, both with `Allow`: the method is not POST. A probe or a browser, and no attack.
    #[error("webhooks are sent by POST")]
    MethodNotAllowed {
        /// The method of the request.
        method: Method,
    },
    /// 413: the body has more bytes than the endpoint accepts.
    #[error(transparent)]
    BodyTooLarge(#[from] BodyTooLarge),
    /// 413: the body has more bytes than a layer in front of the verification accepts.
    #[error("the body has more bytes than a layer in front of the webhook endpoint accepts")]
    BodyOverLayerLimit,
    /// 408: the body did not arrive in time.
    #[error("the body did not arrive in time")]
    BodyTimeout,
    /// 400: the connection ended in the middle of the body.
    #[error("the body is incomplete: the connection ended before it")]
    BodyIncomplete,
    /// 500: another layer read the body first. A mistake in the wiring of this server: verify before anything else reads
    /// the body, or take the body from the [`VerifiedDelivery`](revento_webhooks::VerifiedDelivery).
    #[error("the body was read before it could be verified: put the verification first")]
    BodyAlreadyRead,
    /// 503 with `Retry-After`: the bodies that this endpoint is reading have as many bytes as they may have together.
    #[error("too many webhook bodies are arriving: send it again later")]
    Overloaded {
        /// When the bodies that are arriving now have ended.
        retry_after: Duration,
    },
    /// 401: the request is not a verified delivery.
    #[error("the webhook is not verified")]
    Unverified(#[source] VerifyError),
    /// 401: the signature does not match, and the request has a `Content-Encoding`. The platform sends none, so
    /// something on the way compresses the body.
    #[error(
        "the webhook is not verified, and its body has a Content-Encoding: something on the way compresses it"
    )]
    UnverifiedEncoding(#[source] VerifyError),
    /// 401: the unsigned type header does not name the type of the signed body. Somebody changed the header.
    #[error("the webhook is not verified: the event header does not name the type of the signed body")]
    TypeMismatch,
    /// 200: the webhook is verified, but of a kind that the handler does not take. Sending it again would not help.
    #[error("no handler takes webhooks of this type")]
    NotHandled(#[source] EnvelopeError),
    /// 422: the webhook is verified, but its content is not what the contract promises.
    #[error("the webhook is verified, but it cannot be read")]
    MalformedEvent(#[source] EnvelopeError),
    /// 415: the webhook is verified, but it cannot be read, and the request has a `Content-Encoding`. The endpoint does
    /// not decompress, and the platform does not compress.
    #[error("the webhook is verified, but its body has a Content-Encoding: send it without")]
    EncodedEvent(#[source] EnvelopeError),
    /// 422: the webhook is verified, but its body is empty.
    #[error("the webhook is verified, but its body is empty")]
    EmptyBody,
    /// 422: the webhook is verified, but its body is white space alone.
    #[error("the webhook is verified, but its body is white space alone")]
    BlankBody,
    /// 503, with `Retry-After` if the inbox is [overloaded](AcceptError::Overloaded): the inbox did not confirm that it stored the
    /// delivery. The platform sends it again.
    #[error("the delivery cannot be stored now: send it again")]
    NotStored(#[source] AcceptError),
    /// 503: the inbox did not confirm in time. It may have stored the delivery, and does not handle it twice.
    #[error("the delivery was not stored in time: send it again")]
    StoreTimeout,
    /// 503: the handler failed. The platform sends the delivery again.
    #[error("the delivery cannot be handled now: send it again")]
    HandlerUnavailable(#[source] Box<dyn Error + Send + Sync>),
    /// 503: the handler, the store or another part of this server panicked. The platform sends the delivery again.
    #[error("this server failed while it handled the delivery: send it again")]
    Panicked,
}

revento_core::readable_debug!(Rejection);

impl Rejection {
    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::MethodNotAllowed { method } if method == Method::OPTIONS => StatusCode::NO_CONTENT,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTooLarge(_) | Self::BodyOverLayerLimit => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::BodyIncomplete => StatusCode::BAD_REQUEST,
            Self::BodyAlreadyRead => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unverified(_) | Self::UnverifiedEncoding(_) | Self::TypeMismatch => {
                StatusCode::UNAUTHORIZED
            }
            Self::NotHandled(_) => StatusCode::OK,
            Self::MalformedEvent(_) | Self::EmptyBody | Self::BlankBody => StatusCode::UNPROCESSABLE_ENTITY,
            Self::EncodedEvent(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Overloaded { .. }
            | Self::NotStored(_)
            | Self::StoreTimeout
            | Self::HandlerUnavailable(_)
            | Self::Panicked => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Who is at fault.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::MethodNotAllowed { .. }
            | Self::BodyTooLarge(_)
            | Self::BodyOverLayerLimit
            | Self::Unverified(_)
            | Self::UnverifiedEncoding(_)
            | Self::TypeMismatch => ErrorKind::Rejected,
            Self::BodyTimeout | Self::StoreTimeout => ErrorKind::Timeout,
            Self::BodyIncomplete => ErrorKind::Network,
            Self::BodyAlreadyRead => ErrorKind::Usage,
            Self::Overloaded { .. } => ErrorKind::RateLimited,
            Self::NotHandled(_) => ErrorKind::Configuration,
            Self::MalformedEvent(_) | Self::EncodedEvent(_) | Self::EmptyBody | Self::BlankBody => {
                ErrorKind::Platform
            }
            Self::NotStored(error) => error.kind(),
            Self::HandlerUnavailable(_) | Self::Panicked => ErrorKind::Internal,
        }
    }

    /// Whether the same delivery can be accepted later.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::BodyTimeout
                | Self::BodyIncomplete
                | Self::Overloaded { .. }
                | Self::NotStored(_)
                | Self::StoreTimeout
                | Self::HandlerUnavailable(_)
                | Self::Panicked
        )
    }

    /// Whether the inbox may have stored the delivery, or the handler may have done a part of its work.
    pub fn may_have_taken_effect(&self) -> bool {
        matches!(
            self,
            Self::NotStored(AcceptError::Store(_))
                | Self::StoreTimeout
                | Self::HandlerUnavailable(_)
                | Self::Panicked
        )
    }

    /// Names the `Content-Encoding` of the request, if it explains the rejection. Pass the value of that header.
    #[must_use]
    pub fn with_content_encoding(self, encoding: Option<&[u8]>) -> Self {
        let is_encoded = encoding.is_some_and(|value| {
            let value = value.trim_ascii();
            !value.is_empty() && !value.eq_ignore_ascii_case(b"identity")
        });
        match self {
            Self::Unverified(error @ VerifyError::SignatureMismatch) if is_encoded => {
                Self::UnverifiedEncoding(error)
            }
            Self::MalformedEvent(error) if is_encoded => Self::EncodedEvent(error),
            other => other,
        }
    }

    /// The rejection for a body that failed while it was read.
    pub fn of_body_error(error: &(dyn Error + 'static)) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if error.is::<LengthLimitError>() {
                return Self::BodyOverLayerLimit;
            }
            cause = error.source();
        }
        Self::BodyIncomplete
    }
}

impl From<VerifyError> for Rejection {
    fn from(error: VerifyError) -> Self {
        Self::Unverified(error)
    }
}

impl From<EventError> for Rejection {
    fn from(error: EventError) -> Self {
        match error {
            EventError::Malformed(error) => error.into(),
            EventError::EmptyBody => Self::EmptyBody,
            EventError::BlankBody => Self::BlankBody,
            _ => Self::TypeMismatch,
        }
    }
}

impl From<EnvelopeError> for Rejection {
    fn from(error: EnvelopeError) -> Self {
        if error.is_other_type() {
            Self::NotHandled(error)
        } else {
            Self::MalformedEvent(error)
        }
    }
}

impl From<AcceptError> for Rejection {
    fn from(error: AcceptError) -> Self {
        match error {
            AcceptError::TypeMismatch => Self::TypeMismatch,
            error => Self::NotStored(error),
        }
    }
}
