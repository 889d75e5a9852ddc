//! Reading the body, with a limit of its size and of its time.

use std::io::Read as _;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::read::GzDecoder;
use http_body_util::BodyExt as _;

use crate::app::App;

/// The largest body that is accepted.
const MAX_BODY: usize = 1024 * 1024;

/// How much of a body that is too large is read all the same, so that its sender can read our answer.
const MAX_READ: usize = 16 * MAX_BODY;

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(8);

/// The exact bytes that were sent, or a refusal.
pub(super) async fn read(app: &App, headers: &HeaderMap, body: Body) -> Result<Bytes, Response> {
    let encoding = headers
        .get(CONTENT_ENCODING)
        .filter(|encoding| *encoding != "identity");
    if encoding.is_some() && !app.mistakes.has("signature-gzip") {
        let text = "the body must not be compressed";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err((status, [(ACCEPT_ENCODING, "identity")], text).into_response());
    }
    let body = tokio::time::timeout(BODY_TIMEOUT, collect(body, limit(app))).await;
    let body = body
        .unwrap_or(Err(StatusCode::REQUEST_TIMEOUT))
        .map_err(IntoResponse::into_response)?;
    match encoding {
        Some(_) => Ok(unpacked(&body)),
        None => Ok(body),
    }
}

fn limit(app: &App) -> usize {
    if app.mistakes.has("signature-large-body") {
        return 100_000;
    }
    if app.mistakes.has("signature-huge-body") {
        return usize::MAX;
    }
    MAX_BODY
}

async fn collect(mut body: Body, limit: usize) -> Result<Bytes, StatusCode> {
    let mut read = Vec::new();
    let mut size = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| StatusCode::BAD_REQUEST)?.into_data() else {
            continue;
        };
        size += data.len();
        if size > limit.max(MAX_READ) {
            break;
        }
        if size <= limit {
            read.extend_from_slice(&data);
        }
    }
    if size > limit {
        Err(StatusCode::PAYLOAD_TOO_LARGE)
    } else {
        Ok(read.into())
    }
}

fn unpacked(body: &[u8]) -> Bytes {
    let mut text = Vec::new();
    let _ = GzDecoder::new(body).read_to_end(&mut text);
    text.into()
}
