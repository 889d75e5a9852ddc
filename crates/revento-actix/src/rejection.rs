//! Rejections as actix's errors.

use std::{error::Error, fmt};

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use revento_core::error::ErrorKind;
use revento_tower::Rejection;

/// A [`Rejection`] as actix's error. It is logged when it becomes a response.
pub struct WebhookRejection(pub Rejection);

revento_core::readable_debug!(WebhookRejection);

impl WebhookRejection {
    /// The kind of the rejection.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind()
    }

    /// Whether the same delivery can be accepted later.
    pub fn is_transient(&self) -> bool {
        self.0.is_transient()
    }

    /// Whether the inbox may have stored the delivery, or the handler may have done a part of its work.
    pub fn may_have_taken_effect(&self) -> bool {
        self.0.may_have_taken_effect()
    }
}

impl fmt::Display for WebhookRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for WebhookRejection {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

impl From<Rejection> for WebhookRejection {
    fn from(rejection: Rejection) -> Self {
        Self(rejection)
    }
}

impl ResponseError for WebhookRejection {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status().as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        self.0.log();
        let mut response = HttpResponse::build(self.status_code());
        if let Some((name, value)) = self.0.response_header() {
            response.insert_header((name.as_str(), value.as_bytes()));
        }
        match self.0.response_text() {
            text if text.is_empty() => response.finish(),
            text => response.content_type("text/plain; charset=utf-8").body(text),
        }
    }
}
