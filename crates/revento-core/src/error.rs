//! The platform's error envelope and its codes (contract §3.5).

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
            pub error: ApiErrorCode,
        }
        optional {
            /// Text for humans.
            pub message: Option<String>,
            /// The request's id, for support.
            pub request_id: Option<RequestId>,
        }
    }
}

impl ApiErrorBody {
    /// Reads an envelope; `None` when the body is anything else (an HTML page, nothing, a list …).
    pub fn parse(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }
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
        ] {
            assert_eq!(ApiErrorBody::parse(body), None);
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
