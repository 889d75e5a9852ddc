//! The answers of the control API.

use axum::Json;
use serde_json::{Value, json};

use crate::http::error_response::ErrorResponse;

/// A JSON document, or an error.
pub(super) type Answer = Result<Json<Value>, ErrorResponse>;

/// The answer of a call that returns no document.
pub(super) fn ok() -> Json<Value> {
    Json(json!({ "ok": true }))
}

/// The error for an unknown action in a path.
pub(super) fn unknown_action(action: &str, known: &str) -> ErrorResponse {
    ErrorResponse::not_found(format!("There is no action '{action}'; the actions are {known}."))
}
