//! Answers of the token endpoint (RFC 6749 §5.1 and §5.2, contract §2.3).
//!
//! Salvage before strictness (invariant T2): an answer that carries tokens is read as tokens, with any status, content type
//! or other fields, because the old refresh token is spent.

use std::time::Duration;

use http::StatusCode;
use revento_core::{
    AccessToken, EventId, OrganizationId, RefreshToken, Scopes, Timestamp, UserId, http_date,
};
use serde_json::{Map, Value};

/// An answer of the token endpoint.
#[derive(Debug, Clone)]
pub enum TokenAnswer {
    /// Tokens.
    Issued(Box<IssuedTokens>),
    /// An OAuth error: a definite refusal.
    Refused {
        /// The status.
        status: StatusCode,
        /// The error code.
        error: OAuthErrorCode,
        /// The platform's explanation, for humans.
        description: Option<String>,
    },
    /// Any other answer, such as an HTML page or a 5xx. The request may have taken effect.
    Unreadable {
        /// The status.
        status: StatusCode,
        /// What is wrong with the answer, without its content.
        problem: String,
    },
}

/// Tokens, and what the answer says about their binding.
#[derive(Debug, Clone)]
pub struct IssuedTokens {
    /// The access token.
    pub access_token: AccessToken,
    /// The refresh token. The contract promises one with each answer.
    pub refresh_token: Option<RefreshToken>,
    /// The lifetime of the access token, from its issue. The contract says one hour.
    pub expires_in: Option<Duration>,
    /// The granted scopes. `None` means the requested ones (RFC 6749 §5.1).
    pub scope: Option<Scopes>,
    /// The event that the tokens are bound to.
    pub event_id: Option<EventId>,
    /// The organization of the event.
    pub organization_id: Option<OrganizationId>,
    /// The user that a user token is bound to.
    pub user_id: Option<UserId>,
    /// The token type; the contract says `Bearer`.
    pub token_type: Option<String>,
    /// The platform's time of the answer, from the `Date` header.
    pub date: Option<Timestamp>,
}

/// The `error` of a refusal (RFC 6749 §5.2). An unknown code keeps its text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OAuthErrorCode {
    /// The code or refresh token is spent, expired, revoked or of another client. Permanent (contract §2.3).
    InvalidGrant,
    /// The client id or secret is wrong.
    InvalidClient,
    /// Any other code.
    Other(Box<str>),
}

impl OAuthErrorCode {
    /// The text on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidClient => "invalid_client",
            Self::Other(text) => text,
        }
    }

    /// Whether the grant is gone for good (contract §2.3).
    pub fn is_permanent(&self) -> bool {
        *self == Self::InvalidGrant
    }
}

impl TokenAnswer {
    /// Reads a response.
    pub fn read(response: &http::Response<impl AsRef<[u8]>>) -> Self {
        let status = response.status();
        let mut fields = match serde_json::from_slice::<Map<String, Value>>(response.body().as_ref()) {
            Ok(fields) => fields,
            Err(error) => {
                return Self::Unreadable {
                    status,
                    problem: problem(response, &error),
                };
            }
        };
        if let Some(access_token) = text(&mut fields, "access_token") {
            return Self::Issued(Box::new(issued(access_token, &mut fields, date(response))));
        }
        match text(&mut fields, "error") {
            // A 5xx is not definite, whatever code it carries.
            Some(error) if !status.is_server_error() => Self::Refused {
                status,
                error: code(error),
                description: text(&mut fields, "error_description").or_else(|| text(&mut fields, "message")),
            },
            _ => Self::Unreadable {
                status,
                problem: "JSON that has neither access_token nor error".into(),
            },
        }
    }
}

fn issued(access_token: String, fields: &mut Map<String, Value>, date: Option<Timestamp>) -> IssuedTokens {
    IssuedTokens {
        access_token: access_token.into(),
        refresh_token: text(fields, "refresh_token").map(Into::into),
        expires_in: fields.get("expires_in").and_then(seconds),
        scope: text(fields, "scope").map(|scope| Scopes::parse(&scope)),
        event_id: text(fields, "event_id").map(Into::into),
        organization_id: text(fields, "organization_id").map(Into::into),
        user_id: text(fields, "user_id").map(Into::into),
        token_type: text(fields, "token_type"),
        date,
    }
}

/// A non-empty text. It is moved out, so that no copy of a secret stays behind.
fn text(fields: &mut Map<String, Value>, name: &str) -> Option<String> {
    match fields.remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// A positive number of seconds, as a number or in quotes.
fn seconds(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::String(text) => text.trim().parse().ok()?,
        other => other.as_f64()?,
    };
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|duration| !duration.is_zero())
}

fn code(text: String) -> OAuthErrorCode {
    match text.as_str() {
        "invalid_grant" => OAuthErrorCode::InvalidGrant,
        "invalid_client" => OAuthErrorCode::InvalidClient,
        _ => OAuthErrorCode::Other(text.into()),
    }
}

fn date(response: &http::Response<impl AsRef<[u8]>>) -> Option<Timestamp> {
    let text = response.headers().get(http::header::DATE)?.to_str().ok()?;
    http_date::parse(text)
}

fn problem(response: &http::Response<impl AsRef<[u8]>>, error: &serde_json::Error) -> String {
    let kind = response
        .headers()
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let bytes = response.body().as_ref().len();
    format!(
        "{bytes} bytes of {} that are not a JSON object (line {}, column {})",
        kind.unwrap_or("no content type"),
        error.line(),
        error.column()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> TokenAnswer {
        TokenAnswer::read(
            &http::Response::builder()
                .status(status)
                .body(body.as_bytes().to_vec())
                .unwrap(),
        )
    }

    fn issued(body: &str) -> IssuedTokens {
        match read(200, body) {
            TokenAnswer::Issued(issued) => *issued,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn o14_a_full_answer_is_read() {
        let response = http::Response::builder()
            .header("date", "Sat, 09 May 2026 14:22:31 GMT")
            .body(
                br#"{"access_token":"a","refresh_token":"r","token_type":"bEaReR","expires_in":3600,
                    "scope":"event.read","event_id":"e","organization_id":"o","user_id":"u","more":{}}"#,
            )
            .unwrap();
        let TokenAnswer::Issued(issued) = TokenAnswer::read(&response) else {
            panic!("tokens")
        };
        assert_eq!(issued.expires_in, Some(Duration::from_secs(3600)));
        assert_eq!(issued.user_id.unwrap().as_str(), "u");
        assert_eq!(issued.date.unwrap().to_string(), "2026-05-09T14:22:31Z");
    }

    #[test]
    fn o14_a_minimal_or_odd_answer_gives_its_tokens() {
        assert!(issued(r#"{"access_token":"a"}"#).refresh_token.is_none());
        assert_eq!(
            issued(r#"{"access_token":"a","expires_in":"60"}"#).expires_in,
            Some(Duration::from_secs(60))
        );
        for odd in ["-1", "0", "1e300", "null", "\"soon\"", "[]"] {
            assert_eq!(
                issued(&format!(r#"{{"access_token":"a","expires_in":{odd}}}"#)).expires_in,
                None,
                "{odd}"
            );
        }
        assert!(matches!(
            read(500, r#"{"access_token":"a","error":"server_error"}"#),
            TokenAnswer::Issued(_)
        ));
    }

    #[test]
    fn t8_only_an_oauth_error_is_definite() {
        for status in [400, 401, 200] {
            let TokenAnswer::Refused { error, .. } = read(status, r#"{"error":"invalid_grant"}"#) else {
                panic!("a refusal")
            };
            assert_eq!(error, OAuthErrorCode::InvalidGrant);
        }
        for (status, body) in [
            (500, r#"{"error":"invalid_grant"}"#),
            (502, "<html>Bad gateway</html>"),
            (400, ""),
            (400, "[]"),
            (401, r#"{"message":"no code"}"#),
            (200, r#"{"access_token":""}"#),
            (200, r#"{"access_token":"a""#),
        ] {
            assert!(
                matches!(read(status, body), TokenAnswer::Unreadable { .. }),
                "{status} {body}"
            );
        }
    }

    #[test]
    fn o14_a_broken_answer_is_located_but_not_shown() {
        let TokenAnswer::Unreadable { problem, .. } = read(200, "{\"access_token\":\n\"planted") else {
            panic!("unreadable")
        };
        assert_eq!(
            problem,
            "25 bytes of no content type that are not a JSON object (line 2, column 8)"
        );
    }
}
