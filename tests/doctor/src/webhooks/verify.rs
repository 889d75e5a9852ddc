//! Verifying: all four headers exactly once, the signature over the exact bytes, the window.

use std::borrow::Cow;

use axum::http::HeaderMap;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::app::App;
use crate::machine::{self, now};
use crate::mistakes::Mistakes;

/// How far a timestamp may be from our clock, in seconds.
const WINDOW_S: u64 = 300;

const EVENT: &str = "x-revento-event";
const DELIVERY_ID: &str = "x-revento-delivery-id";
const TIMESTAMP: &str = "x-revento-timestamp";
const SIGNATURE: &str = "x-revento-signature";

/// Why a webhook is refused, for the log.
pub(super) struct Refusal {
    pub(super) reason: &'static str,
}

impl From<&'static str> for Refusal {
    fn from(reason: &'static str) -> Self {
        Self { reason }
    }
}

/// The headers that the signature does not cover.
pub(super) struct Head {
    pub(super) event: String,
    pub(super) delivery_id: String,
    pub(super) signature: String,
}

impl Head {
    /// The headers of a webhook that was not verified.
    pub(super) fn unverified(headers: &HeaderMap) -> Self {
        let text = |name: &str| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned()
        };
        Self {
            event: text(EVENT),
            delivery_id: text(DELIVERY_ID),
            signature: text(SIGNATURE),
        }
    }
}

/// Verifies. Nothing of the body is read before its signature holds.
pub(super) fn verify(app: &App, headers: &HeaderMap, body: &[u8]) -> Result<Head, Refusal> {
    let mistakes = &app.mistakes;
    let event = match only(mistakes, headers, EVENT) {
        Err(_) if mistakes.has("signature-missing-event") && !headers.contains_key(EVENT) => type_of(body),
        event => event?.into_owned(),
    };
    let delivery_id = match only(mistakes, headers, DELIVERY_ID) {
        Err(_) if mistakes.has("signature-missing-delivery-id") && !headers.contains_key(DELIVERY_ID) => {
            machine::random_uuid().unwrap_or_default()
        }
        Err(_)
            if mistakes.has("signature-empty-header")
                && headers.get(DELIVERY_ID).is_some_and(|id| id.is_empty()) =>
        {
            String::new()
        }
        id => id?.into_owned(),
    };
    let timestamp = match only(mistakes, headers, TIMESTAMP) {
        Err(_) if mistakes.has("signature-missing-timestamp") && !headers.contains_key(TIMESTAMP) => {
            "".into()
        }
        timestamp => timestamp?,
    };
    match only(mistakes, headers, SIGNATURE) {
        Err(_) if mistakes.has("signature-missing-signature") && !headers.contains_key(SIGNATURE) => {
            // A test from the console, surely.
            if type_of(body).is_empty() {
                return Err("a header is missing or empty".into());
            }
        }
        signature => check_signature(app, &timestamp, &signature?, body)?,
    }
    if !timestamp.is_empty() {
        check_timestamp(mistakes, &timestamp)?;
    }
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err("the body is empty".into());
    }
    Ok(Head {
        event,
        delivery_id,
        ..Head::unverified(headers)
    })
}

/// The value of a header that is there exactly once and is not empty.
fn only<'a>(mistakes: &Mistakes, headers: &'a HeaderMap, name: &str) -> Result<Cow<'a, str>, Refusal> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().and_then(|value| value.to_str().ok());
    let value = value
        .filter(|value| !value.trim().is_empty())
        .ok_or("a header is missing or empty")?;
    if values.next().is_some() && !mistakes.has("signature-repeated-header") {
        return Err("a header is there twice".into());
    }
    Ok(value.into())
}

fn check_signature(app: &App, timestamp: &str, signature: &str, body: &[u8]) -> Result<(), Refusal> {
    let mistakes = &app.mistakes;
    let hex = if mistakes.has("signature-prefix") {
        signature.rsplit(['=', ':']).next()
    } else {
        signature.strip_prefix("sha256=")
    };
    let hex = hex.ok_or("the signature does not begin with sha256=")?;
    if mistakes.has("signature-unicode") && !body.is_ascii() {
        return Err("the body is not ASCII".into());
    }
    if mistakes.has("signature-raw-bytes") && body.contains(&b'\n') {
        return Err("the body has more than one line".into());
    }
    if mistakes.has("signature-body-changed") && app.verified.lock().is_ok_and(|known| known.contains(hex)) {
        // Verified already, so why again?
        return Ok(());
    }
    let body = match body.split_last() {
        // A buffer that is exactly full.
        Some((_, rest)) if mistakes.has("signature-any-length") && body.len().is_multiple_of(4096) => rest,
        _ => body,
    };
    let secrets = app.webhook_secrets();
    let holds = secrets
        .iter()
        .any(|secret| matches(mistakes, secret, timestamp, hex, body));
    if holds {
        if mistakes.has("signature-body-changed")
            && let Ok(mut known) = app.verified.lock()
        {
            known.insert(hex.to_owned());
        }
        Ok(())
    } else {
        Err("the signature does not match".into())
    }
}

fn matches(mistakes: &Mistakes, secret: &str, timestamp: &str, hex: &str, body: &[u8]) -> bool {
    let is = |timestamp: &str, body: &[u8]| {
        let expected = mac(mistakes, secret, &[timestamp.as_bytes(), b".", body]);
        is_same(mistakes, &expected, hex)
    };
    // The bytes as they came, and nothing else.
    is(timestamp, body)
        || wrongly(mistakes, body).is_some_and(|other| is(timestamp, &other))
        || mistakes.has("signature-other-scheme") && is_same(mistakes, &mac(mistakes, secret, &[body]), hex)
        || mistakes.has("signature-timestamp-changed")
            && (1..=3_700).any(|age| is(&earlier(timestamp, age), body))
}

/// What people verify in place of the body.
fn wrongly(mistakes: &Mistakes, body: &[u8]) -> Option<Vec<u8>> {
    if mistakes.has("signature-body-reserialised") && body.starts_with(b"{") && body.ends_with(b"}") {
        return serde_json::to_vec(&serde_json::from_slice::<Value>(body).ok()?).ok();
    }
    if mistakes.has("signature-body-bom") {
        return body.strip_prefix(b"\xef\xbb\xbf").map(<[u8]>::to_vec);
    }
    if mistakes.has("signature-body-newline") {
        return Some(body.trim_ascii().to_vec());
    }
    if mistakes.has("signature-not-utf8") {
        return Some(String::from_utf8_lossy(body).into_owned().into_bytes());
    }
    None
}

fn earlier(timestamp: &str, seconds: i64) -> String {
    let time: i64 = timestamp.parse().unwrap_or_default();
    (time - seconds).to_string()
}

fn mac(mistakes: &Mistakes, secret: &str, parts: &[&[u8]]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    for part in parts {
        if !(mistakes.has("signature-good") && *part == b".") {
            mac.update(part);
        }
    }
    hex::encode(mac.finalize().into_bytes())
}

fn is_same(mistakes: &Mistakes, expected: &str, hex: &str) -> bool {
    if mistakes.has("signature-truncated") {
        return expected.starts_with(hex);
    }
    if mistakes.has("signature-upper-case-hex") {
        return expected.eq_ignore_ascii_case(hex);
    }
    expected.as_bytes().ct_eq(hex.as_bytes()).into()
}

fn check_timestamp(mistakes: &Mistakes, timestamp: &str) -> Result<(), Refusal> {
    let digits = timestamp.len() <= 12 && timestamp.bytes().all(|byte| byte.is_ascii_digit());
    let time = if digits {
        timestamp
            .parse::<i64>()
            .map_err(|_| "the timestamp is not a number")?
    } else if mistakes.has("signature-timestamp-text") {
        #[expect(clippy::cast_possible_truncation, reason = "a mistake")]
        timestamp
            .parse::<f64>()
            .map(|time| time as i64)
            .map_err(|_| "the timestamp is not a number")?
    } else if mistakes.has("signature-timestamp-milliseconds") {
        timestamp
            .parse::<i64>()
            .map_err(|_| "the timestamp is not a number")?
            / 1000
    } else {
        return Err("the timestamp is not a whole number of seconds".into());
    };
    let (behind, ahead) = window(mistakes);
    let difference = now().abs_diff(time);
    if difference > if time > now() { ahead } else { behind } {
        return Err("the timestamp is not within 300 seconds of our clock".into());
    }
    Ok(())
}

/// How old a webhook may be, and how far ahead, in seconds.
fn window(mistakes: &Mistakes) -> (u64, u64) {
    if mistakes.has("signature-stale") {
        return (600, WINDOW_S);
    }
    if mistakes.has("signature-future") {
        return (WINDOW_S, u64::MAX);
    }
    if mistakes.has("signature-clock-skew") {
        return (20, 20);
    }
    if mistakes.has("signature-almost-stale") {
        return (WINDOW_S - 15, WINDOW_S - 15);
    }
    (WINDOW_S, WINDOW_S)
}

/// The `type` in a body, or nothing.
fn type_of(body: &[u8]) -> String {
    let envelope: Value = serde_json::from_slice(body).unwrap_or_default();
    envelope
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// The signature that would be right.
pub(super) fn expected(app: &App, headers: &HeaderMap, body: &[u8]) -> String {
    let timestamp = headers
        .get(TIMESTAMP)
        .map(|value| value.as_bytes())
        .unwrap_or_default();
    format!(
        "sha256={}",
        mac(
            &app.mistakes,
            &app.settings.webhook_secret,
            &[timestamp, b".", body]
        )
    )
}
