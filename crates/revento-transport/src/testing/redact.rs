//! Removes secrets from recorded requests and responses.

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

/// The replacement of a secret.
pub(super) const REMOVED: &str = "REMOVED";

/// The headers whose values are not secret. Of all others only the name is recorded.
const HARMLESS_HEADERS: [&str; 14] = [
    "accept",
    "allow",
    "cache-control",
    "content-type",
    "date",
    "deprecation",
    "retry-after",
    "server",
    "sunset",
    "user-agent",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-revento-request-id",
];

/// The form fields whose values are not secret (contract §2.3).
const HARMLESS_FIELDS: [&str; 6] = [
    "client_id",
    "cursor",
    "grant_type",
    "limit",
    "redirect_uri",
    "scope",
];

/// The prefixes of the platform's tokens (contract §2.3).
const TOKEN_PREFIXES: [&str; 3] = ["rev_install_", "rev_user_", "rev_refresh_"];

pub(super) fn header<'a>(name: &HeaderName, value: &'a HeaderValue) -> &'a str {
    let harmless = HARMLESS_HEADERS.contains(&name.as_str()) && !value.is_sensitive();
    value.to_str().ok().filter(|_| harmless).unwrap_or(REMOVED)
}

/// The URI without user name, password and fragment. Of the query, only the values of harmless fields stay.
pub(super) fn uri(uri: &http::Uri) -> String {
    let scheme = uri
        .scheme_str()
        .map(|scheme| format!("{scheme}://"))
        .unwrap_or_default();
    let host = uri.host().unwrap_or_default();
    let port = uri.port().map(|port| format!(":{port}")).unwrap_or_default();
    let query = uri
        .query()
        .map(|query| format!("?{}", form(query.as_bytes())))
        .unwrap_or_default();
    format!("{scheme}{host}{port}{}{query}", uri.path())
}

/// A body without its secrets. A form and JSON are redacted by field; in any other text, tokens are replaced.
pub(super) fn body(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let content_type = headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    if content_type.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        return Some(form(body));
    }
    if let Ok(mut value) = serde_json::from_slice::<Value>(body) {
        json(&mut value);
        return Some(value.to_string());
    }
    std::str::from_utf8(body).ok().map(text)
}

fn form(encoded: &[u8]) -> String {
    let mut kept = form_urlencoded::Serializer::new(String::new());
    for (name, value) in form_urlencoded::parse(encoded) {
        let harmless = HARMLESS_FIELDS.contains(&&*name);
        kept.append_pair(&name, if harmless { &value } else { REMOVED });
    }
    kept.finish()
}

fn json(value: &mut Value) {
    match value {
        Value::String(held) => *held = text(held),
        Value::Array(items) => items.iter_mut().for_each(json),
        Value::Object(fields) => {
            for (name, field) in fields {
                if is_secret(name) {
                    redact_all(field);
                } else {
                    json(field);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Redacts all strings below a field whose name means a secret.
fn redact_all(value: &mut Value) {
    match value {
        Value::String(held) => *held = text_or_removed(held),
        Value::Array(items) => items.iter_mut().for_each(redact_all),
        Value::Object(fields) => fields.values_mut().for_each(redact_all),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name != "token_type"
        && [
            "token",
            "secret",
            "password",
            "signature",
            "verifier",
            "authorization",
        ]
        .iter()
        .any(|part| name.contains(part))
        || name == "code"
}

/// A token keeps its prefix, so that the SDK can parse it in a replay.
fn text_or_removed(held: &str) -> String {
    let prefix = TOKEN_PREFIXES.iter().find(|prefix| held.starts_with(*prefix));
    prefix.map_or_else(|| REMOVED.into(), |prefix| format!("{prefix}{REMOVED}"))
}

/// Replaces the tokens in a text.
fn text(held: &str) -> String {
    let mut rest = held;
    let mut kept = String::with_capacity(held.len());
    while let Some((at, prefix)) = TOKEN_PREFIXES
        .iter()
        .filter_map(|prefix| Some((rest.find(prefix)?, prefix)))
        .min()
    {
        let (before, token) = rest.split_at(at);
        kept.push_str(before);
        kept.push_str(prefix);
        kept.push_str(REMOVED);
        let end = token.find(|c: char| !(c.is_ascii_alphanumeric() || "_-.~+/=".contains(c)));
        rest = end.map_or("", |end| token.split_at(end).1);
    }
    kept + rest
}
