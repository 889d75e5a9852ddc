//! Reading request bodies: bounded in size and time.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use super::refusal::Refusal;
use crate::decisions::{BODY_TIMEOUT_S, MAX_BODY};
use crate::platform::oauth::params::Params;

/// The whole body, or 413, or 408.
pub(crate) async fn read(body: Body) -> Result<Bytes, Refusal> {
    let whole = axum::body::to_bytes(body, MAX_BODY);
    match tokio::time::timeout(Duration::from_secs(BODY_TIMEOUT_S), whole).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_too_large(&error) => {
            let text = format!("The body is larger than {MAX_BODY} bytes.");
            Err(Refusal::new(413, "payload_too_large", text))
        }
        Ok(Err(_)) => Err(Refusal::invalid("The body broke off.")),
        Err(_) => Err(Refusal::new(
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

/// A form.
pub(crate) async fn form(headers: &HeaderMap, body: Body) -> Result<Params, Refusal> {
    if !has_type(headers, "application/x-www-form-urlencoded") {
        return Err(Refusal::invalid(
            "Send a form: Content-Type application/x-www-form-urlencoded.",
        ));
    }
    Ok(Params::parse(&read(body).await?))
}

/// A JSON document; an absent body is `{}`.
pub(crate) async fn json<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, Refusal> {
    let bytes = read(body).await?;
    // A type that a plain HTML form of another site cannot send.
    if !bytes.is_empty() && !has_type(headers, "application/json") {
        return Err(Refusal::invalid("Send JSON: Content-Type application/json."));
    }
    let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
    serde_json::from_slice(text).map_err(|error| Refusal::invalid(format!("The JSON does not fit: {error}.")))
}
