//! The middleware around every request: the request id, the rendering of errors, common headers, and the call log.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::body_recording;
use super::cors::Cors;
use super::error_response::ErrorResponse;
use super::hang_up::HangUp;
use crate::call_log::redaction;
use crate::call_log::{CallRecord, RefusalReason};
use crate::platform::config::Config;
use crate::primitives::clock;
use crate::primitives::entropy::{Entropy, Purpose};
use crate::runtime::Runtime;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-revento-request-id");

/// The address of this machine at which a connection arrived.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReachedAddress(pub(super) IpAddr);

/// The id of a request: the client's, if it sent a UUID, or a new one.
fn request_id(headers: &HeaderMap, entropy: &Entropy) -> String {
    let sent = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    match sent.and_then(|text| uuid::Uuid::try_parse(text).ok().map(|_| text.to_owned())) {
        Some(id) => id,
        None => entropy
            .uuid(Purpose::Request)
            .unwrap_or_else(|_| uuid::Uuid::nil().to_string()),
    }
}

pub(super) async fn wrap(State(runtime): State<Arc<Runtime>>, request: Request, next: Next) -> Response {
    let watch = clock::stopwatch();
    let id = request_id(request.headers(), &runtime.config.entropy);
    runtime.count_request();
    let method = request.method().to_string();
    let uri = request.uri().clone();
    let recording = runtime.call_log().recording;
    let cors = Cors::of(&runtime.config, &request);
    let (answered, request_body) = if let Some(refusal) = refuse_host(&runtime.config, &request) {
        (refusal.into_response(), None)
    } else if let Some(answer) = cors.preflight() {
        (answer, None)
    } else if recording {
        body_recording::request(request, next).await
    } else {
        (next.run(request).await, None)
    };
    let mut response = answered;
    if is_axum_rejection(&response) {
        response = ErrorResponse::invalid("The address or the parameters of this request are malformed.")
            .into_response();
    }
    let mut reason = response.extensions_mut().remove::<RefusalReason>();
    if let Some(refusal) = response.extensions_mut().remove::<ErrorResponse>() {
        let why = RefusalReason {
            error: refusal.error.clone(),
            text: refusal.message.clone(),
        };
        response = keep_extensions(response, refusal.render(&id));
        reason = Some(why);
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    cors.allow(headers);
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    if !is_logged(uri.path()) {
        return response;
    }
    let (response, response_body) = if recording {
        body_recording::response(response).await
    } else {
        (response, None)
    };
    let record = CallRecord {
        number: 0,
        at: runtime.now().to_string(),
        request_id: id,
        method,
        target: target(&uri),
        status: if response.extensions().get::<HangUp>().is_some() {
            0
        } else {
            response.status().as_u16()
        },
        duration_us: u64::try_from(watch.elapsed().as_micros()).unwrap_or(u64::MAX),
        error: reason.as_ref().map(|reason| reason.error.clone()),
        reason: reason.map(|reason| reason.text),
        request_body,
        response_body,
    };
    runtime.call_log().add(record);
    runtime.notify_pages();
    response
}

/// Whether axum itself rejected the request: its rejections are plain text, the sandbox's are not.
fn is_axum_rejection(response: &Response) -> bool {
    let kind = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    response.status().is_client_error() && kind.is_some_and(|kind| kind.starts_with("text/plain"))
}

/// Moves the extensions and headers of `from` to `to`, its rendering.
fn keep_extensions(mut from: Response, mut to: Response) -> Response {
    std::mem::swap(from.extensions_mut(), to.extensions_mut());
    for (name, value) in from.headers() {
        if name != header::CONTENT_LENGTH && name != header::CONTENT_TYPE {
            to.headers_mut().entry(name).or_insert_with(|| value.clone());
        }
    }
    to
}

/// Whether the call log records the path: only calls of the integration, not those of the console.
fn is_logged(path: &str) -> bool {
    path.starts_with("/oauth/") || path.starts_with("/api/")
}

fn target(uri: &Uri) -> String {
    match uri.query() {
        Some(query) => format!("{}?{}", uri.path(), redaction::form(query)),
        None => uri.path().to_owned(),
    }
}

/// The error for a `Host` that the sandbox does not know. A request without one is not from a browser.
fn refuse_host(config: &Config, request: &Request) -> Option<ErrorResponse> {
    let host = request.headers().get(header::HOST)?;
    let host = String::from_utf8_lossy(host.as_bytes());
    let reached = request.extensions().get::<ReachedAddress>();
    if config.hosts.allows(&host, reached.map(|reached| reached.0)) {
        return None;
    }
    let text = format!(
        "This sandbox does not answer for the host '{host}', so that no page of another site can reach it by DNS \
         rebinding. Call it by a name or address of this machine, or allow the name with the option --allow-host."
    );
    Some(ErrorResponse::new(421, "misdirected_request", text))
}
