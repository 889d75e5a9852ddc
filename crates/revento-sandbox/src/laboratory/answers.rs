//! Faults of answers: instead of them, in their contents, and on their way.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};

use super::book::Strike;
use super::kinds::{Area, Kind};
use crate::http::{HangUp, Refusal};

const PAGE: &str = "<!doctype html><title>Gateway</title><h1>The gateway is busy</h1>";
const PADDING: usize = 8 * 1024 * 1024;

/// What is answered before anything is done.
pub(crate) fn instead(strike: &Strike) -> Option<Response> {
    let seconds = strike.tuning.seconds.unwrap_or(2).to_string();
    let limited = |message: &str| Refusal::new(429, "rate_limit_exceeded", message);
    let text = "This fault was armed in the sandbox.";
    let refusal = match strike.kind {
        Kind::ServerError => Refusal::new(500, "internal_error", text),
        Kind::Unavailable => {
            Refusal::new(503, "temporarily_unavailable", text).header("retry-after", seconds)
        }
        Kind::UnknownError => Refusal::new(418, "short_and_stout", text).with("tip", "me over"),
        Kind::RateLimited => limited(text).header("retry-after", seconds),
        Kind::RateLimitedDate => limited(text).header("retry-after", "Fri, 01 Jan 2038 00:00:00 GMT"),
        Kind::RateLimitedOdd => limited(text).header(
            "retry-after",
            strike.tuning.text.clone().unwrap_or_else(|| "soon".to_owned()),
        ),
        Kind::RateLimitedSilent => limited(text),
        Kind::ConcurrentLimited => Refusal::new(429, "concurrent_limit_exceeded", text),
        Kind::TokenExpired => Refusal::new(401, "token_expired", text),
        Kind::TokenRevoked => Refusal::new(401, "token_revoked", text),
        Kind::HtmlError => return Some((StatusCode::BAD_GATEWAY, Html(PAGE)).into_response()),
        Kind::HtmlSuccess => return Some(Html(PAGE).into_response()),
        Kind::ResetBefore => return Some(hang_up()),
        _ => return None,
    };
    Some(refusal.into_response())
}

fn hang_up() -> Response {
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(HangUp);
    response
}

/// Changes what a page says. `cursor` is the one that was sent.
pub(crate) fn distort_page(strike: &Strike, text: String, cursor: Option<&str>) -> String {
    if strike.kind.area() != Area::Page {
        return text;
    }
    let Ok(mut page) = serde_json::from_str(&text) else {
        return text;
    };
    lie(strike, &mut page, cursor);
    page.to_string()
}

fn lie(strike: &Strike, page: &mut Value, cursor: Option<&str>) {
    match strike.kind {
        Kind::EmptyPageWithMore => {
            set(page, "data", json!([]));
            set(page, "has_more", json!(true));
            let goes_on = page.get("next_cursor").is_some_and(Value::is_string);
            if !goes_on {
                set(page, "next_cursor", json!(cursor));
            }
        }
        Kind::RepeatedCursor => {
            set(page, "has_more", json!(true));
            if cursor.is_some() {
                set(page, "next_cursor", json!(cursor));
            }
        }
        Kind::MoreWithoutCursor => {
            set(page, "has_more", json!(true));
            set(page, "next_cursor", Value::Null);
        }
        Kind::CursorWithoutMore => {
            set(page, "has_more", json!(false));
            set(page, "next_cursor", json!("a-cursor-that-leads-nowhere"));
        }
        Kind::DuplicateRows => {
            if let Some(rows) = page.get_mut("data").and_then(Value::as_array_mut) {
                *rows = rows.iter().flat_map(|row| [row.clone(), row.clone()]).collect();
            }
        }
        Kind::UnknownFields => {
            set(page, "x_total_estimate", json!(9_999));
            each_row(page, |row| {
                set(row, "x_new_field", json!({ "nested": [1, null, "text"] }))
            });
        }
        Kind::UnknownValues => each_row(page, |row| {
            for name in [
                "application_status",
                "last_review_action",
                "status",
                "min_age",
                "publish_status",
            ] {
                if row.get(name).is_some() {
                    set(row, name, json!("value_of_the_future"));
                }
            }
        }),
        Kind::MissingFields => each_row(page, |row| {
            if let Some(fields) = row.as_object_mut() {
                fields.retain(|name, _| name == "id");
            }
        }),
        _ => {}
    }
}

/// Changes what a token answer says.
pub(crate) fn distort_tokens(strike: &Strike, answer: &mut Value) {
    let scope = answer
        .get("scope")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    match strike.kind {
        Kind::WiderScope => set(answer, "scope", json!(format!("{scope} event.write"))),
        Kind::NarrowerScope => set(answer, "scope", json!(scope.split(' ').next())),
        Kind::OtherEvent => set(answer, "event_id", json!("evt_test_of_somebody_else")),
        Kind::NoRefreshToken => unset(answer, "refresh_token"),
        Kind::NoExpiry => unset(answer, "expires_in"),
        _ => {}
    }
}

fn set(value: &mut Value, name: &str, to: Value) {
    if let Some(fields) = value.as_object_mut() {
        fields.insert(name.to_owned(), to);
    }
}

fn unset(value: &mut Value, name: &str) {
    if let Some(fields) = value.as_object_mut() {
        fields.remove(name);
    }
}

fn each_row(page: &mut Value, change: impl Fn(&mut Value)) {
    if let Some(rows) = page.get_mut("data").and_then(Value::as_array_mut) {
        rows.iter_mut().for_each(change);
    }
}

/// Spoils an answer on its way.
pub(crate) async fn distort(strike: &Strike, response: Response) -> Response {
    let delay = |default: u64| Duration::from_millis(strike.tuning.delay_ms.unwrap_or(default).min(120_000));
    match strike.kind {
        Kind::AnswerLost => hang_up(),
        Kind::SlowAnswer => {
            tokio::time::sleep(delay(5_000)).await;
            response
        }
        Kind::SlowBody => with_body(response, |bytes| trickle(bytes, delay(200))).await,
        Kind::TruncatedBody => with_body(response, break_off).await,
        Kind::InvalidJson => with_body(response, |bytes| Body::from(bytes.slice(..bytes.len() / 2))).await,
        Kind::OversizedAnswer => {
            with_body(response, |bytes| {
                let mut padded = vec![b' '; PADDING];
                padded.extend_from_slice(&bytes);
                Body::from(padded)
            })
            .await
        }
        Kind::WrongContentType => {
            let mut response = response;
            response
                .headers_mut()
                .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
            response
        }
        _ => response,
    }
}

async fn with_body(response: Response, change: impl FnOnce(Bytes) -> Body) -> Response {
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let bytes = axum::body::to_bytes(body, PADDING).await.unwrap_or_default();
    Response::from_parts(parts, change(bytes))
}

fn trickle(bytes: Bytes, pause: Duration) -> Body {
    Body::from_stream(stream::unfold(bytes, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let piece = rest.split_to(rest.len().min(16));
        Some((Ok::<_, io::Error>(piece), rest))
    }))
}

fn break_off(bytes: Bytes) -> Body {
    let half = bytes.slice(..bytes.len() / 2);
    Body::from_stream(stream::iter([
        Ok(half),
        Err(io::Error::other("broken off on purpose")),
    ]))
}
