//! Applies faults to HTTP answers: replaces the answer, changes its content, or disturbs its transmission.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use futures_util::stream;
use serde_json::{Value, json};

use super::error_response::ErrorResponse;
use super::hang_up::HangUp;
use crate::faults::{FaultArea, FaultKind, TriggeredFault};

const GATEWAY_PAGE: &str = "<!doctype html><title>Gateway</title><h1>The gateway is busy</h1>";
const PADDING: usize = 8 * 1024 * 1024;

/// The answer to send instead of processing the request, if the fault has one.
pub(crate) fn instead(fault: &TriggeredFault) -> Option<Response> {
    let seconds = fault.parameters.seconds.unwrap_or(2).to_string();
    let limited = |message: &str| ErrorResponse::new(429, "rate_limit_exceeded", message);
    let text = "This fault was armed in the sandbox.";
    let refusal = match fault.kind {
        FaultKind::ServerError => ErrorResponse::new(500, "internal_error", text),
        FaultKind::Unavailable => {
            ErrorResponse::new(503, "temporarily_unavailable", text).header("retry-after", seconds)
        }
        FaultKind::UnknownError => ErrorResponse::new(418, "short_and_stout", text).with("tip", "me over"),
        FaultKind::RateLimited => limited(text).header("retry-after", seconds),
        FaultKind::RateLimitedDate => limited(text).header("retry-after", "Fri, 01 Jan 2038 00:00:00 GMT"),
        FaultKind::RateLimitedOdd => limited(text).header(
            "retry-after",
            fault.parameters.text.clone().unwrap_or_else(|| "soon".to_owned()),
        ),
        FaultKind::RateLimitedSilent => limited(text),
        FaultKind::ConcurrentLimited => ErrorResponse::new(429, "concurrent_limit_exceeded", text),
        FaultKind::TokenExpired => ErrorResponse::new(401, "token_expired", text),
        FaultKind::TokenRevoked => ErrorResponse::new(401, "token_revoked", text),
        FaultKind::HtmlError => return Some((StatusCode::BAD_GATEWAY, Html(GATEWAY_PAGE)).into_response()),
        FaultKind::HtmlSuccess => return Some(Html(GATEWAY_PAGE).into_response()),
        FaultKind::ResetBefore => return Some(hang_up()),
        _ => return None,
    };
    Some(refusal.into_response())
}

fn hang_up() -> Response {
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(HangUp);
    response
}

/// Changes the content of a page. `cursor` is the cursor of the request.
pub(crate) fn change_page_text(fault: &TriggeredFault, text: String, cursor: Option<&str>) -> String {
    if fault.kind.area() != FaultArea::Page {
        return text;
    }
    let Ok(mut page) = serde_json::from_str(&text) else {
        return text;
    };
    change_page(fault, &mut page, cursor);
    page.to_string()
}

fn change_page(fault: &TriggeredFault, page: &mut Value, cursor: Option<&str>) {
    match fault.kind {
        FaultKind::EmptyPageWithMore => {
            set(page, "data", json!([]));
            set(page, "has_more", json!(true));
            let has_cursor = page.get("next_cursor").is_some_and(Value::is_string);
            if !has_cursor {
                set(page, "next_cursor", json!(cursor));
            }
        }
        FaultKind::RepeatedCursor => {
            set(page, "has_more", json!(true));
            if cursor.is_some() {
                set(page, "next_cursor", json!(cursor));
            }
        }
        FaultKind::MoreWithoutCursor => {
            set(page, "has_more", json!(true));
            set(page, "next_cursor", Value::Null);
        }
        FaultKind::CursorWithoutMore => {
            set(page, "has_more", json!(false));
            set(page, "next_cursor", json!("a-cursor-that-leads-nowhere"));
        }
        FaultKind::DuplicateRows => {
            if let Some(rows) = page.get_mut("data").and_then(Value::as_array_mut) {
                *rows = rows.iter().flat_map(|row| [row.clone(), row.clone()]).collect();
            }
        }
        FaultKind::UnknownFields => {
            set(page, "x_total_estimate", json!(9_999));
            each_row(page, |row| {
                set(row, "x_new_field", json!({ "nested": [1, null, "text"] }))
            });
        }
        FaultKind::UnknownValues => each_row(page, |row| {
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
        FaultKind::MissingFields => each_row(page, |row| {
            if let Some(fields) = row.as_object_mut() {
                fields.retain(|name, _| name == "id");
            }
        }),
        _ => {}
    }
}

/// Changes the content of a token answer.
pub(crate) fn change_tokens(fault: &TriggeredFault, answer: &mut Value) {
    let scope = answer
        .get("scope")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    match fault.kind {
        FaultKind::WiderScope => set(answer, "scope", json!(format!("{scope} event.write"))),
        FaultKind::NarrowerScope => set(answer, "scope", json!(scope.split(' ').next())),
        FaultKind::OtherEvent => set(answer, "event_id", json!("evt_test_of_somebody_else")),
        FaultKind::NoRefreshToken => unset(answer, "refresh_token"),
        FaultKind::NoExpiry => unset(answer, "expires_in"),
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

/// Disturbs the transmission of an answer.
pub(crate) async fn disturb(fault: &TriggeredFault, response: Response) -> Response {
    let delay =
        |default: u64| Duration::from_millis(fault.parameters.delay_ms.unwrap_or(default).min(120_000));
    match fault.kind {
        FaultKind::AnswerLost => hang_up(),
        FaultKind::SlowAnswer => {
            tokio::time::sleep(delay(5_000)).await;
            response
        }
        FaultKind::SlowBody => with_body(response, |bytes| send_slowly(bytes, delay(200))).await,
        FaultKind::TruncatedBody => with_body(response, break_off).await,
        FaultKind::InvalidJson => {
            with_body(response, |bytes| Body::from(bytes.slice(..bytes.len() / 2))).await
        }
        FaultKind::OversizedAnswer => {
            with_body(response, |bytes| {
                let mut padded = vec![b' '; PADDING];
                padded.extend_from_slice(&bytes);
                Body::from(padded)
            })
            .await
        }
        FaultKind::WrongContentType => {
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

fn send_slowly(bytes: Bytes, pause: Duration) -> Body {
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
        Err(io::Error::other("closed by a fault")),
    ]))
}
