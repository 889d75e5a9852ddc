//! The error classification of the SDK, error chains, and the platform's error envelope (contract §3.5).

mod chain;
mod kind;

pub use self::{chain::chain, kind::ErrorKind};

use crate::{RequestId, record::record, text_enum::text_enum};

text_enum! {
    /// The `error` of an error answer: what to branch on, never the message.
    ApiErrorCode {
        /// 401: wrong bytes or an unknown token.
        InvalidToken = "invalid_token",
        /// 401: the access token has run out; refresh and repeat once.
        TokenExpired = "token_expired",
        /// 401: permanent; the connection has ended.
        TokenRevoked = "token_revoked",
        /// 403: the endpoint wants a user token.
        UserTokenRequired = "user_token_required",
        /// 403: the endpoint wants an installation token.
        InstallationTokenRequired = "installation_token_required",
        /// 403: the token is bound to another event.
        EventNotAuthorized = "event_not_authorized",
        /// 403: the organizer did not grant the scope.
        InsufficientScope = "insufficient_scope",
        /// 404: no such resource.
        NotFound = "not_found",
        /// 400: a bad `limit`, a bad `cursor`.
        InvalidRequest = "invalid_request",
        /// 429 with `Retry-After`.
        RateLimitExceeded = "rate_limit_exceeded",
        /// 429 without `Retry-After`: wait for one of one's own calls.
        ConcurrentLimitExceeded = "concurrent_limit_exceeded",
    }
}

record! {
    /// An error answer of the platform. Every other field than the code is optional in reading: an answer that carries
    /// only some of them is still an error with a status. What a code carries beside them is in its `extra()`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    ApiErrorBody {
        required {
            /// The code.
            pub error: ApiErrorCode = ApiErrorCode::NotFound,
        }
        optional {
            /// Text for humans.
            pub message: Option<String> = "no such resource",
            /// The request's id, for support.
            pub request_id: Option<RequestId> = "7b0c3c52-0c9f-4f6e-9d1c-0f6a4b1c2d3e",
        }
    }
}

impl ApiErrorBody {
    /// Reads an envelope; `None` when the body is anything else (an HTML page, nothing, a list …).
    ///
    /// The code decides what to do, so nothing that stands beside it hides it: a message that is no text is as
    /// if it were absent.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let body = serde_json::from_slice(body)
            .ok()
            .or_else(|| without_oddities(body));
        body.filter(|body: &Self| !body.error.as_str().is_empty())
    }
}

fn without_oddities(body: &[u8]) -> Option<ApiErrorBody> {
    let mut fields: serde_json::Map<_, serde_json::Value> = serde_json::from_slice(body).ok()?;
    for name in ["message", "request_id"] {
        if fields.get(name).is_some_and(|value| !value.is_string()) {
            fields.remove(name);
        }
    }
    serde_json::from_value(fields.into()).ok()
}

/// Text that somebody else wrote, fit for a message and a log: on one line, and no longer than 300 characters.
pub fn one_line(text: &str) -> String {
    const LONGEST: usize = 300;
    let shown = |c: char| match c {
        // Quotation marks and backslashes do no harm.
        '"' | '\'' | '\\' => c.into(),
        // Line breaks, terminal sequences, marks that turn the direction of what follows.
        c => c.escape_debug().to_string(),
    };
    let mut line: String = text.chars().take(LONGEST).map(shown).collect();
    if text.chars().nth(LONGEST).is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a14_a_body_that_is_not_the_envelope_is_no_envelope() {
        for body in [
            &b""[..],
            b"<html>502</html>",
            b"[]",
            b"{\"message\":\"no code\"}",
            b"\xff\xfe",
            b"{\"error\":\"\"}",
            b"{\"error\":7}",
            b"{\"error\":{\"code\":\"token_expired\"}}",
        ] {
            assert_eq!(ApiErrorBody::parse(body), None);
        }
    }

    #[test]
    fn a14_nothing_beside_the_code_hides_it() {
        for body in [
            r#"{"error":"token_expired","message":7,"request_id":"r"}"#,
            r#"{"error":"token_expired","message":{"en":"gone"},"request_id":"r"}"#,
            r#"{"error":"token_expired","message":null,"request_id":"r"}"#,
        ] {
            let body = ApiErrorBody::parse(body.as_bytes()).unwrap();
            assert_eq!(body.error, ApiErrorCode::TokenExpired);
            assert_eq!((body.message, body.request_id), (None, Some("r".into())));
        }
        let body = ApiErrorBody::parse(br#"{"error":"x","request_id":7,"more":[1.5]}"#).unwrap();
        assert_eq!(
            (body.request_id.as_ref(), body.extra().json("more")),
            (None, Some("[1.5]"))
        );
    }

    #[test]
    fn a15_what_others_write_stays_on_one_line() {
        assert_eq!(one_line("it's \"so\" \\ é"), "it's \"so\" \\ é");
        assert_eq!(
            one_line("a\r\nb\u{1b}[31m\u{202e}\0"),
            "a\\r\\nb\\u{1b}[31m\\u{202e}\\0"
        );
        assert_eq!(one_line(&"ü".repeat(300)), "ü".repeat(300));
        assert_eq!(one_line(&"ü".repeat(301)), "ü".repeat(300) + "…");
    }

    #[test]
    fn unknown_codes_and_fields_are_kept_or_ignored() {
        let body = ApiErrorBody::parse(br#"{"error":"teapot","hint":1}"#).unwrap();
        assert_eq!(body.error.as_str(), "teapot");
        assert_eq!(body.request_id, None);
        assert_eq!(body.extra().json("hint"), Some("1"));
    }
}
