//! The platform's error answers (contract §3.5).

use crate::{
    Extra, RequestId,
    record::record,
    text_enum::text_enum,
    tolerant_json::{self, TolerantObject},
};

text_enum! {
    /// The `error` of an error answer. Branch on it, never on the message.
    ApiErrorCode {
        /// 401: the token is malformed or unknown.
        InvalidToken = "invalid_token",
        /// 401: the access token has expired. Refresh it and repeat the call once.
        TokenExpired = "token_expired",
        /// 401, permanent: the connection has ended.
        TokenRevoked = "token_revoked",
        /// 403: the endpoint needs a user token.
        UserTokenRequired = "user_token_required",
        /// 403: the endpoint needs an installation token.
        InstallationTokenRequired = "installation_token_required",
        /// 403: the token is bound to another event.
        EventNotAuthorized = "event_not_authorized",
        /// 403: the token lacks the scope.
        InsufficientScope = "insufficient_scope",
        /// 404: there is no such resource.
        NotFound = "not_found",
        /// 400: a parameter is invalid, such as `limit` or `cursor`.
        InvalidRequest = "invalid_request",
        /// 429 with `Retry-After`: wait for that long.
        RateLimitExceeded = "rate_limit_exceeded",
        /// 429 without `Retry-After`: wait for a call in flight to end.
        ConcurrentLimitExceeded = "concurrent_limit_exceeded",
    }
}

record! {
    /// An error answer of the platform. Only the code is required. The fields that some codes carry are in `extra()`.
    #[derive(Debug, Clone, PartialEq, Eq)]
    ApiErrorBody {
        required {
            /// The code.
            pub error: ApiErrorCode = ApiErrorCode::NotFound,
        }
        optional {
            /// The message, for humans.
            pub message: Option<String> = "no such resource",
            /// The id of the request, for support.
            pub request_id: Option<RequestId> = "7b0c3c52-0c9f-4f6e-9d1c-0f6a4b1c2d3e",
        }
    }
}

impl ApiErrorBody {
    /// Reads the body of an error answer. `None` if it has no code, such as an HTML page or an empty body.
    ///
    /// Any other member may have any value, legible or not, and something may follow the object: it does not hide the code.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let body = tolerant_json::read(body).ok().or_else(|| Self::salvage(body));
        body.filter(|body: &Self| !body.error.as_str().is_empty())
    }

    /// Reads the known members of an object that begins the body.
    fn salvage(body: &[u8]) -> Option<Self> {
        let mut object = TolerantObject::read(body)?;
        if !object.begins_body() || !object.is_closed() {
            return None;
        }
        Some(Self {
            error: object.take_text("error")?.as_str().into(),
            message: object.take_text("message"),
            request_id: object.take_text("request_id").map(Into::into),
            extra: Extra::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a14_a_body_without_a_code_is_no_error_answer() {
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
    fn a14_a_malformed_field_does_not_hide_the_code() {
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
    fn h1_an_odd_value_does_not_hide_the_code_of_an_error() {
        let deep = "[".repeat(300) + &"]".repeat(300);
        for odd in ["1e999", "NaN", "\"\\ud83d\"", "nul", "", "'x'", &deep] {
            for body in [
                format!(r#"{{"error":"token_revoked","request_id":"r","x":{odd}}}"#),
                format!(r#"{{"message":{odd},"error":"token_revoked","request_id":"r"}}"#),
                format!(
                    "\u{feff}{{\"x\":[{{\"y\":{odd}}}],\"error\":\"token_revoked\",\"request_id\":\"r\"}}"
                ),
                format!("{{\"error\":\"token_revoked\",\"request_id\":\"r\"}}\n{odd}"),
            ] {
                let read = ApiErrorBody::parse(body.as_bytes()).unwrap_or_else(|| panic!("{body}"));
                assert_eq!(read.error, ApiErrorCode::TokenRevoked, "{body}");
                assert_eq!(read.request_id, Some("r".into()), "{body}");
            }
        }
        let latin = b"{\"error\":\"token_revoked\",\"message\":\"Z\xfcrich\"}";
        let message = ApiErrorBody::parse(latin).unwrap().message;
        assert_eq!(message.as_deref(), Some("Z\u{fffd}rich"));
        for other in [
            "<html>{\"error\":\"token_revoked\"}</html>",
            "{\"error\":\"token_revoked\"",
        ] {
            assert_eq!(ApiErrorBody::parse(other.as_bytes()), None);
        }
    }

    #[test]
    fn unknown_codes_and_fields_are_kept_or_ignored() {
        let body = ApiErrorBody::parse(br#"{"error":"teapot","hint":1}"#).unwrap();
        assert_eq!(body.error.as_str(), "teapot");
        assert_eq!(body.request_id, None);
        assert_eq!(body.extra().json("hint"), Some("1"));
    }
}
