//! The response to a rejected request, and its log line.

use std::{future::Future, panic::AssertUnwindSafe};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use revento_core::error::chain;
use revento_inbox::AcceptError;

use crate::{Rejection, metrics};

/// The response of the services of this crate.
pub type WebhookResponse = Response<Full<Bytes>>;

/// The methods of a webhook route.
const ALLOWED: HeaderValue = HeaderValue::from_static("OPTIONS, POST");

/// What an overloaded inbox asks for, in seconds: a store that answers again has emptied it by then. It is for proxies and tools. The
/// platform keeps to its own schedule (contract §4.1).
const INBOX_RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// The text of every 401. It does not say which check failed, since the sender of a forgery learns from that.
const UNVERIFIED: &str = "the webhook is not verified; the log of the receiver has the reason\n";

impl Rejection {
    /// Writes one `tracing` event, without secrets or content, and counts with the feature `metrics`. A request with another method is no attack: its event has
    /// the level DEBUG. So has that of an overloaded inbox, which itself logs when an overload begins and when it ends.
    pub fn log(&self) {
        let status = self.status().as_u16();
        let (kind, error) = (self.kind().as_str(), chain(self));
        metrics::rejected(status, kind);
        match self {
            Self::MethodNotAllowed { method } => {
                // A method is ASCII (RFC 9110 §9.1), and can have any length.
                let method = method.as_str();
                let method = method.get(..32).unwrap_or(method);
                tracing::debug!(status, method, "not a webhook: webhooks are sent by POST");
            }
            Self::NotHandled(_) => {
                tracing::info!(status, "error.type" = kind, %error, "webhook not handled");
            }
            Self::NotStored(AcceptError::Overloaded) => {
                tracing::debug!(status, "error.type" = kind, %error, "webhook rejected");
            }
            Self::Panicked => tracing::error!(status, "error.type" = kind, %error, "webhook rejected"),
            _ => tracing::warn!(status, "error.type" = kind, %error, "webhook rejected"),
        }
    }

    /// The text of the response: one line, or nothing for a 204. Causes inside this server stay in its log, and so does the
    /// reason of a 401. The text never contains a value of the body.
    pub fn response_text(&self) -> String {
        match self.status() {
            StatusCode::NO_CONTENT => String::new(),
            StatusCode::UNAUTHORIZED => UNVERIFIED.to_owned(),
            _ => match self {
                Self::MalformedEvent(_) | Self::EncodedEvent(_) => format!("{}\n", chain(self)),
                _ => format!("{self}\n"),
            },
        }
    }

    /// The header that belongs to the status: `Allow` if the method was wrong, `Retry-After` if too much was arriving
    /// or being stored.
    pub fn response_header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::MethodNotAllowed { .. } => Some((header::ALLOW, ALLOWED)),
            Self::Overloaded { retry_after } => Some((
                header::RETRY_AFTER,
                retry_after
                    .as_millis()
                    .div_ceil(1000)
                    .max(1)
                    .try_into()
                    .map_or_else(
                        |_| HeaderValue::from_static("60"),
                        |seconds: u32| HeaderValue::from(seconds),
                    ),
            )),
            Self::NotStored(AcceptError::Overloaded) => Some((header::RETRY_AFTER, INBOX_RETRY_AFTER)),
            _ => None,
        }
    }

    /// The response: the [status](Self::status), the [text](Self::response_text) and the
    /// [header](Self::response_header).
    pub fn into_response(self) -> WebhookResponse {
        let text = self.response_text();
        let mut response = Response::new(Full::default());
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.extend(self.response_header());
        if !text.is_empty() {
            let plain = HeaderValue::from_static("text/plain; charset=utf-8");
            headers.insert(header::CONTENT_TYPE, plain);
            *response.body_mut() = Bytes::from(text).into();
        }
        response
    }

    /// Runs a part of the work for a request. A panic is [`Rejection::Panicked`]; it would end the connection, and leave the
    /// platform without an answer.
    ///
    /// # Errors
    /// Those of the work, and [`Rejection::Panicked`].
    pub async fn catch_panic<T>(work: impl Future<Output = Result<T, Self>>) -> Result<T, Self> {
        AssertUnwindSafe(work)
            .catch_unwind()
            .await
            .unwrap_or(Err(Self::Panicked))
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
