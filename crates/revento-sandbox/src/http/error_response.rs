//! Error answers. The middleware renders them, because only it knows the request's id.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::decisions;
use crate::durability::WriteError;
use crate::platform::commands::CommandError;
use crate::platform::oauth::error::OAuthError;
use crate::primitives::entropy::EntropyError;

/// An error answer: `{"error", "message", "request_id", …}` (contract §3.5).
#[derive(Debug, Clone)]
pub(crate) struct ErrorResponse {
    status: u16,
    pub(super) error: String,
    pub(super) message: String,
    /// Further fields of the envelope.
    fields: Vec<(&'static str, Value)>,
    headers: Vec<(&'static str, String)>,
}

impl ErrorResponse {
    pub(crate) fn new(status: u16, error: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            error: error.to_owned(),
            message: message.into(),
            fields: Vec::new(),
            headers: Vec::new(),
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(decisions::INVALID_REQUEST_STATUS, "invalid_request", message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(decisions::NOT_FOUND_STATUS, "not_found", message)
    }

    pub(crate) fn with(mut self, field: &'static str, value: impl Into<Value>) -> Self {
        self.fields.push((field, value.into()));
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The response with the envelope, for the request with this id.
    pub(crate) fn render(self, request_id: &str) -> Response {
        let mut body: Map<String, Value> = self
            .fields
            .into_iter()
            .map(|(field, value)| (field.to_owned(), value))
            .collect();
        body.insert("error".to_owned(), Value::from(self.error));
        body.insert("message".to_owned(), Value::from(self.message));
        body.insert("request_id".to_owned(), Value::from(request_id));
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(Value::Object(body))).into_response();
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

impl IntoResponse for ErrorResponse {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<WriteError> for ErrorResponse {
    fn from(error: WriteError) -> Self {
        Self::new(503, "temporarily_unavailable", error.to_string())
    }
}

impl From<EntropyError> for ErrorResponse {
    fn from(error: EntropyError) -> Self {
        Self::new(503, "temporarily_unavailable", error.to_string())
    }
}

impl From<CommandError> for ErrorResponse {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::NotFound(message) => Self::not_found(message),
            CommandError::Conflict(message) => Self::new(409, "conflict", message),
        }
    }
}

impl From<OAuthError> for ErrorResponse {
    fn from(error: OAuthError) -> Self {
        let status = decisions::oauth_status(error.code);
        let response = Self::new(status, error.code, error.description.clone())
            .with("error_description", json!(error.description))
            .header(header::CACHE_CONTROL.as_str(), "no-store");
        if status == 401 {
            response.header(header::WWW_AUTHENTICATE.as_str(), "Basic realm=\"revento\"")
        } else {
            response
        }
    }
}
