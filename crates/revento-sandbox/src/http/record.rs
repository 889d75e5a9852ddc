//! Keeping bodies for the transcript, without their secrets.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::body;
use crate::laboratory::redaction;

/// Answers longer than this are passed on and not kept.
const LONGEST: usize = 1024 * 1024;

fn content_type(headers: &HeaderMap) -> String {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}

fn shown(headers: &HeaderMap, bytes: &Bytes) -> Option<String> {
    redaction::body(&content_type(headers), bytes)
}

/// Runs a request whose body is kept.
pub(super) async fn request(request: Request, next: Next) -> (Response, Option<String>) {
    let (parts, whole) = request.into_parts();
    let bytes = match body::read(whole).await {
        Ok(bytes) => bytes,
        Err(refusal) => return (refusal.into_response(), None),
    };
    let kept = shown(&parts.headers, &bytes);
    (
        next.run(Request::from_parts(parts, Body::from(bytes))).await,
        kept,
    )
}

/// Keeps the body of an answer that has a length. One that streams goes through as it is.
pub(super) async fn response(response: Response) -> (Response, Option<String>) {
    let size = axum::body::HttpBody::size_hint(response.body()).exact();
    if size.is_none_or(|size| size > LONGEST as u64) {
        return (response, None);
    }
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, LONGEST).await.unwrap_or_default();
    let kept = shown(&parts.headers, &bytes);
    (Response::from_parts(parts, Body::from(bytes)), kept)
}
