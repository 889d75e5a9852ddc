//! Receiving webhooks: verified on the exact bytes, stored, and only then acknowledged (contract §4.1).

mod body;
mod load;
mod store;
mod strict;
mod verify;

use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{ALLOW, CONTENT_LENGTH, EXPECT};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::Value;

use crate::app::App;
use crate::endings;
use crate::listener::HeadSpelling;
use crate::machine::digest;
pub(crate) use load::Turnstile;
use store::store;
pub(crate) use strict::Approvals;
use verify::{Head, Refusal};

/// `POST /webhooks`.
pub(crate) async fn receive(
    State(app): State<Arc<App>>,
    ConnectInfo(spelling): ConnectInfo<HeadSpelling>,
    request: Request,
) -> Response {
    if let Some(answer) = not_a_webhook(&app, request.method()) {
        return answer;
    }
    if app.mistakes.has("delivery-no-redirect") && !request.uri().path().ends_with('/') {
        return Redirect::permanent("/webhooks/").into_response();
    }
    let _turn = match load::enter(&app).await {
        Ok(turn) => turn,
        Err(status) => return status.into_response(),
    };
    let (mut parts, body) = request.into_parts();
    if app.mistakes.has("signature-chunked") && !parts.headers.contains_key(CONTENT_LENGTH) {
        return StatusCode::LENGTH_REQUIRED.into_response();
    }
    if app.mistakes.has("signature-expect-continue") && parts.headers.contains_key(EXPECT) {
        return StatusCode::EXPECTATION_FAILED.into_response();
    }
    if app.mistakes.has("signature-header-case") && spelling.has_capitals() {
        parts.headers.remove("x-revento-signature");
    }
    let body = match body::read(&app, &parts.headers, body).await {
        Ok(body) => body,
        Err(refusal) => return refusal,
    };
    match verify::verify(&app, &parts.headers, &body) {
        Ok(head) => accept(&app, &head, &body).await,
        Err(refusal) => {
            let delivery_id = parts.headers.get("x-revento-delivery-id");
            tracing::warn!(?delivery_id, reason = refusal.reason, "refused a webhook");
            refuse(&app, &refusal, &parts.headers, &body).await
        }
    }
}

/// The answer to another method than POST.
fn not_a_webhook(app: &App, method: &Method) -> Option<Response> {
    match *method {
        Method::POST => None,
        Method::OPTIONS => Some((StatusCode::NO_CONTENT, [(ALLOW, "POST")]).into_response()),
        Method::GET if app.mistakes.has("delivery-get") => Some("webhooks".into_response()),
        Method::HEAD if app.mistakes.has("delivery-head") => {
            Some(StatusCode::INTERNAL_SERVER_ERROR.into_response())
        }
        _ => Some((StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "POST")], "only POST").into_response()),
    }
}

/// Every refusal is the same outside.
async fn refuse(app: &Arc<App>, refusal: &Refusal, headers: &axum::http::HeaderMap, body: &[u8]) -> Response {
    if app.mistakes.has("signature-refused-not-handled") {
        let head = Head::unverified(headers);
        let _ = store(app, &Webhook::of(&head, body), body).await;
    }
    if app.mistakes.has("signature-forged-garbage") && envelope(body).is_null() {
        return (StatusCode::INTERNAL_SERVER_ERROR, "the forgery cannot be logged").into_response();
    }
    if app.mistakes.has("signature-refusal-status") {
        return (StatusCode::NOT_FOUND, "not found").into_response();
    }
    if app.mistakes.has("signature-uniform-answer") {
        return (StatusCode::UNAUTHORIZED, refusal.reason).into_response();
    }
    if app.mistakes.has("signature-answer-leaks") {
        let expected = verify::expected(app, headers, body);
        return (
            StatusCode::UNAUTHORIZED,
            format!("not verified: the signature should be {expected}"),
        )
            .into_response();
    }
    (StatusCode::UNAUTHORIZED, "not verified").into_response()
}

async fn accept(app: &Arc<App>, head: &Head, body: &[u8]) -> Response {
    let webhook = Webhook::of(head, body);
    // The header is not signed. The body decides, and a header that disagrees is a forgery.
    if webhook.kind.as_deref().is_some_and(|kind| kind != head.event)
        && !app.mistakes.has("signature-event-changed")
    {
        let refusal = Refusal {
            reason: "X-Revento-Event is not the type in the body",
        };
        tracing::warn!(delivery_id = ?head.delivery_id, reason = refusal.reason, "refused a webhook");
        return (StatusCode::UNAUTHORIZED, "not verified").into_response();
    }
    if app.mistakes.has("signature-unreadable-body") && webhook.kind.is_none() {
        return (
            StatusCode::INTERNAL_SERVER_ERROR,
            "expected value at line 1 column 1",
        )
            .into_response();
    }
    if let Some(why) = strict::refuses(app, body) {
        return (StatusCode::BAD_REQUEST, why).into_response();
    }
    if let Some(status) = endings::refuses(app, &envelope(body)).await {
        return status.into_response();
    }
    if app.mistakes.has("delivery-queued-first") {
        load::ask_the_platform(app).await;
    }
    match store(app, &webhook, body).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => {
            tracing::error!(delivery_id = ?webhook.delivery_id, %error, "a webhook could not be stored");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// The body as JSON, or null. A byte order mark and bytes that are not UTF-8 do not matter here.
pub(crate) fn envelope(body: &[u8]) -> Value {
    let text = String::from_utf8_lossy(body);
    serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap_or_default()
}

/// What is read of a webhook when its signature holds.
#[derive(Debug, Clone)]
struct Webhook {
    /// The `id` of the envelope.
    envelope_id: String,
    delivery_id: String,
    /// The `type` of the envelope.
    kind: Option<String>,
    /// The type that the header names.
    event: String,
    event_id: Option<String>,
    /// The header with the signature.
    signature: String,
}

impl Webhook {
    fn of(head: &Head, body: &[u8]) -> Self {
        let envelope = envelope(body);
        let text = |name: &str| envelope.get(name).and_then(Value::as_str).map(str::to_owned);
        let kind = text("type");
        Self {
            // A body that is no envelope is kept under its digest, for a person to look at.
            envelope_id: text("id")
                .filter(|_| kind.is_some())
                .unwrap_or_else(|| format!("unreadable/{}", digest(body))),
            delivery_id: head.delivery_id.clone(),
            event: head.event.clone(),
            signature: head.signature.clone(),
            kind,
            event_id: text("event_id"),
        }
    }
}
