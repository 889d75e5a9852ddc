//! Why a request is rejected, and the response to it.

use std::error::Error;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use revento_core::{
    EnvelopeError,
    error::{ErrorKind, chain},
};
use revento_inbox::AcceptError;
use revento_webhooks::{BodyTooLarge, EventError, VerifyError};

/// The response of the services of this crate.
pub type WebhookResponse = Response<Full<Bytes>>;

/// A request that was not accepted. The text of the response helps the owner and no attacker.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// 405: the method is not POST.
    #[error("webhooks are sent by POST")]
    MethodNotAllowed,
    /// 413: the body has more bytes than the endpoint accepts.
    #[error(transparent)]
    BodyTooLarge(#[from] BodyTooLarge),
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
    /// 401: the request is not a genuine delivery.
    #[error("the webhook is not verified")]
    Unverified(#[source] VerifyError),
    /// 401: the unsigned type header does not name the type of the signed body. Somebody changed the header.
    #[error("the webhook is not verified: the event header does not name the type of the signed body")]
    TypeMismatch,
    /// 200: the webhook is genuine, but of a kind that the handler does not take. Sending it again would not help.
    #[error("no handler takes webhooks of this type")]
    NotHandled(#[source] EnvelopeError),
    /// 422: the webhook is genuine, but its content is not what the contract promises.
    #[error("the webhook is genuine, but it cannot be read")]
    MalformedEvent(#[source] EnvelopeError),
    /// 422: the webhook is verified, but its body is empty.
    #[error("the webhook is verified, but its body is empty")]
    EmptyBody,
    /// 422: the webhook is verified, but its body is white space alone.
    #[error("the webhook is verified, but its body is white space alone")]
    BlankBody,
    /// 503: the inbox did not confirm that it stored the delivery. The platform sends it again.
    #[error("the delivery cannot be stored now: send it again")]
    NotStored(#[source] AcceptError),
    /// 503: the inbox did not confirm in time. It may have stored the delivery, and does not handle it twice.
    #[error("the delivery was not stored in time: send it again")]
    StoreTimeout,
    /// 503: the handler failed. The platform sends the delivery again.
    #[error("the delivery cannot be handled now: send it again")]
    HandlerUnavailable(#[source] Box<dyn Error + Send + Sync>),
}

impl Rejection {
    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::BodyIncomplete => StatusCode::BAD_REQUEST,
            Self::BodyAlreadyRead => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unverified(_) | Self::TypeMismatch => StatusCode::UNAUTHORIZED,
            Self::NotHandled(_) => StatusCode::OK,
            Self::MalformedEvent(_) | Self::EmptyBody | Self::BlankBody => StatusCode::UNPROCESSABLE_ENTITY,
            Self::NotStored(_) | Self::StoreTimeout | Self::HandlerUnavailable(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    /// Who is at fault.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::MethodNotAllowed | Self::BodyTooLarge(_) | Self::Unverified(_) | Self::TypeMismatch => {
                ErrorKind::Rejected
            }
            Self::BodyTimeout | Self::StoreTimeout => ErrorKind::Timeout,
            Self::BodyIncomplete => ErrorKind::Network,
            Self::BodyAlreadyRead => ErrorKind::Usage,
            Self::NotHandled(_) => ErrorKind::Configuration,
            Self::MalformedEvent(_) | Self::EmptyBody | Self::BlankBody => ErrorKind::Platform,
            Self::NotStored(AcceptError::Seal(_)) => ErrorKind::Sealing,
            Self::NotStored(_) => ErrorKind::Storage,
            Self::HandlerUnavailable(_) => ErrorKind::Internal,
        }
    }

    /// Whether the same delivery can be accepted later.
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::BodyTimeout
                | Self::BodyIncomplete
                | Self::NotStored(_)
                | Self::StoreTimeout
                | Self::HandlerUnavailable(_)
        )
    }

    /// Whether the inbox may have stored the delivery, or the handler may have done a part of its work.
    pub fn may_have_taken_effect(&self) -> bool {
        matches!(
            self,
            Self::NotStored(AcceptError::Store(_)) | Self::StoreTimeout | Self::HandlerUnavailable(_)
        )
    }

    /// Writes one `tracing` event, without secrets or content.
    pub fn log(&self) {
        let status = self.status().as_u16();
        let (kind, error) = (self.kind().as_str(), chain(self));
        if let Self::NotHandled(_) = self {
            tracing::info!(status, "error.type" = kind, %error, "webhook not handled");
        } else {
            tracing::warn!(status, "error.type" = kind, %error, "webhook rejected");
        }
    }

    /// The text of the response: one line. Causes inside this server stay in its log.
    pub fn response_text(&self) -> String {
        match self {
            Self::Unverified(_) | Self::MalformedEvent(_) => format!("{}\n", chain(self)),
            _ => format!("{self}\n"),
        }
    }

    /// The response: the status, [`response_text`](Self::response_text), and `Allow` if the method was wrong.
    pub fn into_response(self) -> WebhookResponse {
        let mut response = Response::new(Bytes::from(self.response_text()).into());
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        if let Self::MethodNotAllowed = self {
            headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        response
    }
}

/// Returns 200 without content, or logs the rejection and returns its response.
pub(crate) fn into_response(result: Result<(), Rejection>) -> WebhookResponse {
    match result {
        Ok(()) => WebhookResponse::default(),
        Err(rejection) => {
            rejection.log();
            rejection.into_response()
        }
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
