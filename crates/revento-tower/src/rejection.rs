//! Why a request is turned away, and with which answer.

use std::error::Error;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use revento_core::EnvelopeError;
use revento_inbox::AcceptError;
use revento_webhooks::{EventError, TooLarge, VerifyError};

use crate::Answer;

/// A request that was not taken in. The answer's text helps the owner and no attacker.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// 405: webhooks are posted.
    #[error("webhooks are sent by POST")]
    Method,
    /// 413: more bytes than the endpoint reads.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// 408: the body did not arrive in time.
    #[error("the body did not arrive in time")]
    TooSlow,
    /// 400: the connection broke off in the middle of the body.
    #[error("the body broke off")]
    BrokenOff,
    /// 500: a body was announced and somebody in front has read it. A mistake in the wiring of this server:
    /// verify before anything else that reads the body, or take it from [`Delivery`](crate::Delivery).
    #[error("the body was read before it could be verified")]
    BodyTaken,
    /// 401: not verified.
    #[error("not verified: {0}")]
    Unverified(#[from] VerifyError),
    /// 401: the unsigned type header was tampered with.
    #[error("not verified: the event header does not name the type of the signed body")]
    TypeMismatch,
    /// 200: genuine, but of a kind that the handler does not take; sending it again would not help.
    #[error("nothing handles webhooks of this type")]
    NotHandled(#[source] EnvelopeError),
    /// 422: genuine, but its content is not what the contract promises.
    #[error("the webhook is genuine and cannot be read: {0}")]
    Unreadable(EnvelopeError),
    /// 503: nothing was stored; the platform will try again.
    #[error("the delivery cannot be stored now: send it again")]
    NotStored(#[source] AcceptError),
    /// 503: the inbox did not confirm in time. It may have stored the delivery; seen again, it is not handled twice.
    #[error("the delivery was not stored in time: send it again")]
    StoredTooSlowly,
    /// 503: the handler asks for another attempt.
    #[error("the delivery cannot be handled now: send it again")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

impl Rejection {
    /// The answer's status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::BrokenOff => StatusCode::BAD_REQUEST,
            Self::BodyTaken => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unverified(_) | Self::TypeMismatch => StatusCode::UNAUTHORIZED,
            Self::NotHandled(_) => StatusCode::OK,
            Self::Unreadable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NotStored(_) | Self::StoredTooSlowly | Self::Unavailable(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    /// Writes one `tracing` event, without secrets or content.
    pub fn log(&self) {
        let status = self.status().as_u16();
        let cause = self.source().map(tracing::field::display);
        if let Self::NotHandled(_) = self {
            tracing::info!(status, reason = %self, cause, "webhook not handled");
        } else {
            tracing::warn!(status, reason = %self, cause, "webhook rejected");
        }
    }

    /// The answer: the status, a line of text, and `Allow` where the method was wrong.
    pub fn into_answer(self) -> Answer {
        let mut answer = Response::new(Bytes::from(format!("{self}\n")).into());
        *answer.status_mut() = self.status();
        let headers = answer.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        if let Self::Method = self {
            headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        answer
    }
}

impl From<EventError> for Rejection {
    fn from(error: EventError) -> Self {
        match error {
            EventError::Malformed(error) => error.into(),
            _ => Self::TypeMismatch,
        }
    }
}

impl From<EnvelopeError> for Rejection {
    fn from(error: EnvelopeError) -> Self {
        if error.is_other_type() {
            Self::NotHandled(error)
        } else {
            Self::Unreadable(error)
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
