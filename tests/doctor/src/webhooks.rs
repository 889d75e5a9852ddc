//! Receiving webhooks: verified on the exact bytes, stored, and only then acknowledged (contract §4.1).

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT_ENCODING, ALLOW, CONTENT_ENCODING};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http_body_util::BodyExt as _;
use serde_json::Value;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::app::App;
use crate::machine::{digest, now};

/// How far a timestamp may be from our clock, in seconds.
const WINDOW_S: u64 = 300;

/// The largest body that is accepted.
const MAX_BODY: usize = 1024 * 1024;

/// How much of a body that is too large is read all the same, so that its sender can read our answer.
const MAX_READ: usize = 8 * MAX_BODY;

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(8);

/// `POST /webhooks`.
pub(crate) async fn receive(State(app): State<Arc<App>>, request: Request) -> Response {
    match *request.method() {
        Method::POST => {}
        Method::OPTIONS => return (StatusCode::NO_CONTENT, [(ALLOW, "POST")]).into_response(),
        _ => return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "POST")], "only POST").into_response(),
    }
    let (parts, body) = request.into_parts();
    let encoded = parts
        .headers
        .get(CONTENT_ENCODING)
        .is_some_and(|encoding| encoding != "identity");
    if encoded {
        let body = "the body must not be compressed";
        return (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            [(ACCEPT_ENCODING, "identity")],
            body,
        )
            .into_response();
    }
    let body = match read(body).await {
        Ok(body) => body,
        Err(status) => return status.into_response(),
    };
    match verify(&app, &parts.headers, &body) {
        Ok(webhook) => match store(&app, &webhook, &body).await {
            Ok(()) => StatusCode::NO_CONTENT.into_response(),
            Err(error) => {
                tracing::error!(delivery_id = ?webhook.delivery_id, %error, "a webhook could not be stored");
                StatusCode::SERVICE_UNAVAILABLE.into_response()
            }
        },
        Err(reason) => {
            let delivery_id = parts.headers.get("x-revento-delivery-id");
            tracing::warn!(?delivery_id, reason, "refused a webhook");
            (StatusCode::UNAUTHORIZED, "not verified").into_response()
        }
    }
}

/// Reads the body, with a limit of its size and of its time.
async fn read(mut body: Body) -> Result<Bytes, StatusCode> {
    let mut read = Vec::new();
    let mut size = 0;
    let all = async {
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| StatusCode::BAD_REQUEST)?.into_data() else {
                continue;
            };
            size += data.len();
            if size > MAX_READ {
                break;
            }
            if size <= MAX_BODY {
                read.extend_from_slice(&data);
            }
        }
        Ok::<(), StatusCode>(())
    };
    tokio::time::timeout(BODY_TIMEOUT, all)
        .await
        .map_err(|_| StatusCode::REQUEST_TIMEOUT)??;
    if size > MAX_BODY {
        Err(StatusCode::PAYLOAD_TOO_LARGE)
    } else {
        Ok(read.into())
    }
}

/// A webhook whose signature holds.
struct Webhook {
    envelope_id: String,
    delivery_id: String,
    kind: String,
    event_id: Option<String>,
}

/// Checks the signature first. Nothing of the body is read before.
fn verify(app: &App, headers: &HeaderMap, body: &Bytes) -> Result<Webhook, &'static str> {
    let event = only(headers, "x-revento-event")?;
    let delivery_id = only(headers, "x-revento-delivery-id")?;
    let timestamp = only(headers, "x-revento-timestamp")?;
    let signature = only(headers, "x-revento-signature")?;
    if !app.mistakes.has("signature-wrong-secret") {
        check_signature(app, timestamp, signature, body)?;
    }
    check_timestamp(timestamp)?;
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err("the body is empty");
    }
    let envelope = serde_json::from_str::<Value>(&String::from_utf8_lossy(body)).unwrap_or_default();
    let text = |name: &str| envelope.get(name).and_then(Value::as_str).map(str::to_owned);
    let kind = text("type");
    // The header is not signed. The body decides, and a header that disagrees is a forgery.
    if kind.as_deref().is_some_and(|kind| kind != event) {
        return Err("X-Revento-Event is not the type in the body");
    }
    Ok(Webhook {
        // A body that is no envelope is kept under its digest, for a person to look at.
        envelope_id: text("id")
            .filter(|_| kind.is_some())
            .unwrap_or_else(|| format!("unreadable/{}", digest(body))),
        delivery_id: delivery_id.to_owned(),
        kind: kind.unwrap_or_else(|| event.to_owned()),
        event_id: text("event_id"),
    })
}

/// The value of a header that is there exactly once and is not empty.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, &'static str> {
    let mut values = headers.get_all(name).iter();
    let value = values
        .next()
        .and_then(|value| value.to_str().ok())
        .filter(|value| !value.trim().is_empty());
    let value = value.ok_or("a header is missing or empty")?;
    if values.next().is_some() {
        Err("a header is there twice")
    } else {
        Ok(value)
    }
}

fn check_signature(app: &App, timestamp: &str, signature: &str, body: &[u8]) -> Result<(), &'static str> {
    let hex = signature
        .strip_prefix("sha256=")
        .ok_or("the signature does not begin with sha256=")?;
    let secrets = [
        Some(&app.settings.webhook_secret),
        app.settings.previous_webhook_secret.as_ref(),
    ];
    for secret in secrets.into_iter().flatten() {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| "the secret is no key")?;
        mac.update(timestamp.as_bytes());
        if !app.mistakes.has("signature-good") {
            mac.update(b".");
        }
        mac.update(body);
        let expected = hex::encode(mac.finalize().into_bytes());
        if bool::from(expected.as_bytes().ct_eq(hex.as_bytes())) {
            return Ok(());
        }
    }
    Err("the signature does not match")
}

fn check_timestamp(timestamp: &str) -> Result<(), &'static str> {
    if timestamp.len() > 12 || !timestamp.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("the timestamp is not a whole number of seconds");
    }
    let timestamp: i64 = timestamp.parse().map_err(|_| "the timestamp is not a number")?;
    if now().abs_diff(timestamp) > WINDOW_S {
        return Err("the timestamp is not within 300 seconds of our clock");
    }
    Ok(())
}

/// Stores the webhook, unless its envelope is there already.
///
/// The delivery id is not signed, so it alone makes nothing a duplicate: otherwise somebody could send a captured body under
/// the id of a delivery that is still to come, and that one would be lost.
async fn store(app: &App, webhook: &Webhook, body: &[u8]) -> anyhow::Result<()> {
    let identity = webhook.envelope_id.clone();
    let mut tx = app.store.begin().await?;
    let query = sqlx::query_scalar::<_, i64>(
        "SELECT count(*) FROM deliveries WHERE delivery_id = ? AND envelope_id <> ?",
    );
    let others = query
        .bind(&webhook.delivery_id)
        .bind(&webhook.envelope_id)
        .fetch_one(&mut *tx)
        .await?;
    let query = sqlx::query(
        "INSERT INTO deliveries (identity, envelope_id, delivery_id, type, event_id, body, received_at) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (identity) DO NOTHING",
    );
    let query = query.bind(identity).bind(&webhook.envelope_id);
    let query = query.bind(&webhook.delivery_id).bind(&webhook.kind);
    let query = query.bind(&webhook.event_id).bind(body).bind(now());
    let is_new = query.execute(&mut *tx).await?.rows_affected() == 1;
    tx.commit().await?;
    if others > 0 {
        tracing::warn!(delivery_id = ?webhook.delivery_id, "two envelopes came under one delivery id");
    }
    tracing::info!(
        delivery_id = ?webhook.delivery_id, envelope_id = ?webhook.envelope_id, kind = ?webhook.kind, is_new, "stored a webhook"
    );
    if is_new {
        app.queued.notify_one();
    }
    Ok(())
}
