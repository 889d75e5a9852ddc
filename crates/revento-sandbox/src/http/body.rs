//! Reading request bodies, with limits of size and time.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use super::error_response::ErrorResponse;
use crate::decisions::{BODY_TIMEOUT_S, MAX_BODY};
use crate::platform::oauth::params::Params;

/// What gzip starts with (RFC 1952 §2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// The byte order mark in UTF-8.
const BOM: &[u8] = "\u{feff}".as_bytes();

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

/// The error for a body that arrives compressed: the sandbox decodes none.
fn compressed(how: &str) -> ErrorResponse {
    ErrorResponse::invalid(format!(
        "The body is compressed ({how}). Send it as it is, without Content-Encoding."
    ))
}

/// The whole body, unless it is compressed.
async fn read_plain(headers: &HeaderMap, body: Body) -> Result<Bytes, ErrorResponse> {
    let encodings = headers.get_all(header::CONTENT_ENCODING);
    let names = encodings.iter().filter_map(|value| value.to_str().ok());
    for name in names.flat_map(|value| value.split(',')).map(str::trim) {
        if !name.is_empty() && !name.eq_ignore_ascii_case("identity") {
            return Err(compressed(&format!("Content-Encoding: {name}")));
        }
    }
    let bytes = read(body).await?;
    if bytes.starts_with(&GZIP) {
        return Err(compressed("it starts like gzip"));
    }
    Ok(bytes)
}

/// Reads a form.
pub(super) async fn form(headers: &HeaderMap, body: Body) -> Result<Params, ErrorResponse> {
    if !has_type(headers, "application/x-www-form-urlencoded") {
        return Err(ErrorResponse::invalid(
            "Send a form: Content-Type application/x-www-form-urlencoded.",
        ));
    }
    Ok(Params::parse(&read_plain(headers, body).await?))
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
    let bytes = read_plain(headers, body).await?;
    let bytes = bytes.strip_prefix(BOM).unwrap_or(&bytes);
    // An HTML form of another site cannot send this content type.
    if !bytes.is_empty() && !has_type(headers, "application/json") {
        return Err(ErrorResponse::invalid(
            "Send JSON: Content-Type application/json. With curl: -H 'content-type: application/json'.",
        ));
    }
    if bytes.is_empty() {
        return serde_json::from_value(serde_json::json!({})).map_err(|error| {
            ErrorResponse::invalid(format!("The body is empty; this endpoint expects JSON: {error}."))
        });
    }
    serde_json::from_slice(bytes).map_err(|error| {
        ErrorResponse::invalid(format!("The JSON is not what this endpoint expects: {error}."))
    })
}
