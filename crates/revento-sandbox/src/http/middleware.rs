//! The middleware around every request: the request id, the rendering of errors, common headers, and the call log.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::body_recording;
use super::error_response::ErrorResponse;
use super::hang_up::HangUp;
use crate::call_log::redaction;
use crate::call_log::{CallRecord, RefusalReason};
use crate::primitives::clock;
use crate::primitives::entropy::{Entropy, Purpose};
use crate::runtime::Runtime;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-revento-request-id");

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
    let (answered, request_body) = if runtime.config.loopback_only && !is_local(request.headers()) {
        let text = "This sandbox answers only to names of this machine. Call it as localhost or 127.0.0.1.";
        (
            ErrorResponse::new(421, "misdirected_request", text).into_response(),
            None,
        )
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

/// Whether the `Host` names this machine. This prevents DNS rebinding: a page of another site cannot call the sandbox
/// under that site's name.
fn is_local(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else {
        return true;
    };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let local_name =
        name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost");
    local_name
        || name
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.to_canonical().is_loopback())
}
