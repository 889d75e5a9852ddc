//! A refusal on its way out. The frame renders it, because only the frame knows the request's id.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::durability::Unwritten;
use crate::machine::entropy::NoEntropy;
use crate::platform::acts::Refused;
use crate::platform::oauth::fault::Fault;

/// An error of the platform: `{"error", "message", "request_id", …}` (contract section 3.5).
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) error: String,
    pub(crate) message: String,
    pub(crate) more: Vec<(&'static str, Value)>,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Refusal {
    pub(crate) fn new(status: u16, error: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            error: error.to_owned(),
            message: message.into(),
            more: Vec::new(),
            headers: Vec::new(),
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request", message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(404, "not_found", message)
    }

    pub(crate) fn with(mut self, field: &'static str, value: impl Into<Value>) -> Self {
        self.more.push((field, value.into()));
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The envelope, for the request with this id.
    pub(crate) fn render(self, request_id: &str) -> Response {
        let mut body: Map<String, Value> = self
            .more
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

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Unwritten> for Refusal {
    fn from(error: Unwritten) -> Self {
        Self::new(503, "temporarily_unavailable", error.to_string())
    }
}

impl From<NoEntropy> for Refusal {
    fn from(error: NoEntropy) -> Self {
        Self::new(503, "temporarily_unavailable", error.to_string())
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NotFound(message) => Self::not_found(message),
            Refused::Conflict(message) => Self::new(409, "conflict", message),
        }
    }
}

impl From<Fault> for Refusal {
    /// As the token endpoint answers: `invalid_client` is 401, everything else 400 (contract section 2.3).
    fn from(fault: Fault) -> Self {
        let client = fault.error == "invalid_client";
        let refusal = Self::new(
            if client { 401 } else { 400 },
            fault.error,
            fault.description.clone(),
        )
        .with("error_description", json!(fault.description))
        .header(header::CACHE_CONTROL.as_str(), "no-store");
        if client {
            refusal.header(header::WWW_AUTHENTICATE.as_str(), "Basic realm=\"revento\"")
        } else {
            refusal
        }
    }
}
