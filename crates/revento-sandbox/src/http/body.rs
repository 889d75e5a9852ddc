//! Reading request bodies, with limits of size and time.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use super::error_response::ErrorResponse;
use crate::decisions::{BODY_TIMEOUT_S, MAX_BODY};
use crate::platform::oauth::params::Params;

/// The whole body. One that is too large is answered 413, one that is too slow 408.
pub(super) async fn read(body: Body) -> Result<Bytes, ErrorResponse> {
    let whole = axum::body::to_bytes(body, MAX_BODY);
    match tokio::time::timeout(Duration::from_secs(BODY_TIMEOUT_S), whole).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_too_large(&error) => {
            let text = format!("The body is larger than {MAX_BODY} bytes.");
            Err(ErrorResponse::new(413, "payload_too_large", text))
        }
        Ok(Err(_)) => Err(ErrorResponse::invalid(
            "The connection ended before the whole body arrived.",
        )),
        Err(_) => Err(ErrorResponse::new(
            408,
            "request_timeout",
            "The body took too long to arrive.",
        )),
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source())
        .any(|error| error.to_string().contains("length limit exceeded"))
}

fn has_type(headers: &HeaderMap, expected: &str) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|value| value.trim().eq_ignore_ascii_case(expected))
}

/// Reads a form.
pub(super) async fn form(headers: &HeaderMap, body: Body) -> Result<Params, ErrorResponse> {
    if !has_type(headers, "application/x-www-form-urlencoded") {
        return Err(ErrorResponse::invalid(
            "Send a form: Content-Type application/x-www-form-urlencoded.",
        ));
    }
    Ok(Params::parse(&read(body).await?))
}

/// A JSON document in the body. An empty body counts as `{}`.
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ErrorResponse;

    async fn from_request(request: Request, _: &S) -> Result<Self, ErrorResponse> {
        let (parts, body) = request.into_parts();
        json(&parts.headers, body).await.map(Self)
    }
}

/// Reads a JSON document. An empty body counts as `{}`.
pub(super) async fn json<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, ErrorResponse> {
    let bytes = read(body).await?;
    // An HTML form of another site cannot send this content type.
    if !bytes.is_empty() && !has_type(headers, "application/json") {
        return Err(ErrorResponse::invalid(
            "Send JSON: Content-Type application/json.",
        ));
    }
    let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
    serde_json::from_slice(text).map_err(|error| {
        ErrorResponse::invalid(format!("The JSON is not what this endpoint expects: {error}."))
    })
}
