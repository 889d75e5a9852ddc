//! Recording bodies for the call log, without their secrets.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::body;
use crate::call_log::redaction;

/// The longest answer that is recorded, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;

fn content_type(headers: &HeaderMap) -> String {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}

fn redacted(headers: &HeaderMap, bytes: &Bytes) -> Option<String> {
    redaction::body(&content_type(headers), bytes)
}

/// Runs a request and returns its body.
pub(super) async fn request(request: Request, next: Next) -> (Response, Option<String>) {
    let (parts, whole) = request.into_parts();
    let bytes = match body::read(whole).await {
        Ok(bytes) => bytes,
        Err(refusal) => return (refusal.into_response(), None),
    };
    let recorded = redacted(&parts.headers, &bytes);
    (
        next.run(Request::from_parts(parts, Body::from(bytes))).await,
        recorded,
    )
}

/// Returns the body of an answer too, if it has a known length. Streams are not recorded.
pub(super) async fn response(response: Response) -> (Response, Option<String>) {
    let size = axum::body::HttpBody::size_hint(response.body()).exact();
    if size.is_none_or(|size| size > MAX_ANSWER as u64) {
        return (response, None);
    }
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, MAX_ANSWER).await.unwrap_or_default();
    let recorded = redacted(&parts.headers, &bytes);
    (Response::from_parts(parts, Body::from(bytes)), recorded)
}
