//! Removing secrets from what is logged.

use serde_json::Value;

const SECRET_FIELDS: [&str; 11] = [
    "access_token",
    "refresh_token",
    "client_secret",
    "webhook_secret",
    "code",
    "code_verifier",
    "consent_request",
    "csrf",
    "secret",
    "authorization",
    "cookie",
];

/// What replaces a secret.
const REDACTED: &str = "[redacted]";

fn is_secret(name: &str) -> bool {
    SECRET_FIELDS
        .iter()
        .any(|secret| name.eq_ignore_ascii_case(secret))
}

/// A form or query without secrets.
pub(crate) fn form(text: &str) -> String {
    let pairs = form_urlencoded::parse(text.as_bytes());
    let shown = pairs.map(|(name, value)| {
        if is_secret(&name) {
            (name, REDACTED.into())
        } else {
            (name, value)
        }
    });
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(shown)
        .finish()
}

/// A JSON body or a form without secrets; `None` for anything else.
pub(crate) fn body(content_type: &str, bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    if content_type.starts_with("application/x-www-form-urlencoded") {
        return Some(form(text));
    }
    let mut value: Value = serde_json::from_str(text).ok()?;
    redact(&mut value);
    Some(value.to_string())
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if is_secret(name) && value.is_string() {
                    *value = Value::from(REDACTED);
                } else {
                    redact(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_leave_no_trace() {
        assert_eq!(
            form("grant_type=refresh_token&refresh_token=abc&x=1"),
            "grant_type=refresh_token&refresh_token=%5Bredacted%5D&x=1"
        );
        let json = br#"{"access_token":"abc","data":[{"client_secret":"abc","code":"abc"}],"error":"abd"}"#;
        let text = body("application/json", json).unwrap();
        assert!(!text.contains("abc") && text.contains("abd"), "{text}");
    }
}
