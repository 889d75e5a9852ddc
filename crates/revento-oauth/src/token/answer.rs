//! Answers of the token endpoint (RFC 6749 §5.1 and §5.2, contract §2.3).
//!
//! Store the tokens before checking the rest of the answer (invariant T2): an answer that carries tokens is read as tokens, with any status, content type
//! or other fields, because the old refresh token is spent.

use std::time::Duration;

use http::StatusCode;
use revento_core::{
    AccessToken, EventId, OrganizationId, RefreshToken, Scopes, Timestamp, UserId, http_date,
    tolerant_json::TolerantObject,
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
    /// The lifetime of the refresh token, from its issue. The contract says 90 days, or less before the end of the consent.
    pub refresh_expires_in: Option<Duration>,
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
        let Some(mut body) = TolerantObject::read(response.body().as_ref()) else {
            return Self::Unreadable {
                status,
                problem: problem(response),
            };
        };
        let error = body.take_text("error");
        let is_refusal = error.is_some() && !status.is_success();
        if let Some(pair) = pair(&mut body, !is_refusal) {
            return Self::Issued(Box::new(issued(pair, &mut body, date(response))));
        }
        match error {
            // A 5xx is not definite, whatever code it carries.
            Some(error) if body.begins_body() && body.is_closed() && !status.is_server_error() => {
                Self::Refused {
                    status,
                    error: code(error),
                    description: body
                        .take_text("error_description")
                        .or_else(|| body.take_text("message")),
                }
            }
            _ if body.is_json() => Self::Unreadable {
                status,
                problem: "JSON that has neither access_token nor error".into(),
            },
            _ => Self::Unreadable {
                status,
                problem: problem(response),
            },
        }
    }
}

type Pair = (AccessToken, Option<RefreshToken>);

/// Takes a pair from any body in which it is legible. An access token alone counts only in an object with an end: in a body that
/// breaks off, a refresh token may have followed.
fn pair(body: &mut TolerantObject<'_>, also_in_broken_json: bool) -> Option<Pair> {
    let (mut access, mut refresh) = (body.take_text("access_token"), body.take_text("refresh_token"));
    if also_in_broken_json && !body.is_json() {
        access = access.or_else(|| body.find_text("access_token"));
        refresh = refresh.or_else(|| body.find_text("refresh_token"));
    }
    let is_all = refresh.is_some() || body.is_closed();
    Some((access.filter(|_| is_all)?.into(), refresh.map(Into::into)))
}

fn issued(
    (access_token, refresh_token): Pair,
    body: &mut TolerantObject<'_>,
    date: Option<Timestamp>,
) -> IssuedTokens {
    IssuedTokens {
        access_token,
        refresh_token,
        expires_in: seconds(body, "expires_in"),
        refresh_expires_in: seconds(body, "refresh_expires_in"),
        scope: body.take_text("scope").map(|scope| Scopes::parse(&scope)),
        event_id: body.take_text("event_id").map(Into::into),
        organization_id: body.take_text("organization_id").map(Into::into),
        user_id: body.take_text("user_id").map(Into::into),
        token_type: body.take_text("token_type"),
        date,
    }
}

/// A positive number of seconds, as a number or in quotes.
fn seconds(body: &mut TolerantObject<'_>, name: &str) -> Option<Duration> {
    let text = body
        .take_text(name)
        .or_else(|| body.json(name).map(str::to_owned))?;
    Duration::try_from_secs_f64(text.trim().parse().ok()?)
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

/// Where the body stops being a JSON object, without its content.
fn problem(response: &http::Response<impl AsRef<[u8]>>) -> String {
    let error = serde_json::from_slice::<Map<String, Value>>(response.body().as_ref()).err();
    let (line, column) = error.map_or((1, 1), |error| (error.line(), error.column()));
    let kind = response
        .headers()
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let bytes = response.body().as_ref().len();
    format!(
        "{bytes} bytes of {} that are not a JSON object (line {}, column {})",
        kind.unwrap_or("no content type"),
        line,
        column
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
            (
                400,
                r#"<html><script>e={"error":"invalid_grant"}</script></html>"#,
            ),
            (400, r#"[{"error":"invalid_grant"}]"#),
            (400, r#"{"error":"invalid_grant""#),
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

    /// Values for which a strict parser refuses the whole body.
    const ODD: [&str; 16] = [
        "1e999",
        "NaN",
        "-Infinity",
        "\"\\ud83d\"",
        "\"\\q\"",
        "{\"a\":[\"}\"]}",
        "nul",
        "",
        "'x'",
        "[1,]",
        "01",
        "\"a\nb\"",
        "}",
        "]",
        "\"abc",
        "\"\\",
    ];

    #[test]
    fn h1_one_odd_value_never_loses_a_legible_pair() {
        let deep = "[".repeat(200) + &"]".repeat(200);
        for odd in ODD.into_iter().chain([deep.as_str()]) {
            for body in [
                format!(r#"{{"access_token":"a","refresh_token":"r","x":{odd}}}"#),
                format!(r#"{{"access_token":"a","x":{odd},"refresh_token":"r"}}"#),
                format!(r#"{{"x":{odd},"access_token":"a","refresh_token":"r","expires_in":60}}"#),
                format!(
                    "\u{feff}{{\"access_token\":\"a\",\"expires_in\":{odd},\"refresh_token\":\"r\"}}\n{{}}"
                ),
            ] {
                let issued = issued(&body);
                assert_eq!(issued.access_token.expose(), "a", "{body}");
                assert_eq!(issued.refresh_token.unwrap().expose(), "r", "{body}");
            }
        }
        let latin = b"{\"access_token\":\"a\",\"city\":\"Z\xfcrich\",\"refresh_token\":\"r\"}";
        let response = http::Response::new(latin.to_vec());
        assert!(
            matches!(TokenAnswer::read(&response), TokenAnswer::Issued(issued) if issued.refresh_token.is_some())
        );
    }

    #[test]
    fn h1_an_odd_value_leaves_a_refusal_a_refusal() {
        for body in [
            r#"{"error":"invalid_grant","x":NaN}"#,
            r#"{"x":"\ud83d","error":"invalid_grant"}"#,
        ] {
            assert!(matches!(
                read(400, body),
                TokenAnswer::Refused {
                    error: OAuthErrorCode::InvalidGrant,
                    ..
                }
            ));
        }
        let quoted = r#"{"error":"invalid_grant","debug":{"access_token":"a","refresh_token":"r"},"x":NaN}"#;
        assert!(matches!(read(400, quoted), TokenAnswer::Refused { .. }));
    }

    #[test]
    fn h1_a_body_that_breaks_off_gives_a_whole_pair_or_none() {
        let body = r#"{"access_token":"a","refresh_token":"r","scope":"event.read"}"#;
        for length in 0..body.len() {
            match read(200, &body[..length]) {
                TokenAnswer::Issued(issued) => assert_eq!(issued.refresh_token.unwrap().expose(), "r"),
                other => assert!(matches!(other, TokenAnswer::Unreadable { .. })),
            }
        }
    }

    proptest::proptest! {
        /// A valid answer with any value of an unknown member, and anything before and behind it.
        #[test]
        fn h1_no_mutation_beside_it_loses_a_pair(
            value in ".{0,12}", before in "[^{\"]{0,8}", behind in ".{0,12}", place in 0..3_usize,
        ) {
            let mut members = vec![r#""access_token":"a""#.to_owned(), r#""refresh_token":"r""#.to_owned()];
            let unknown = format!(r#""x":{value}"#);
            members.insert(place.min(2), unknown);
            let body = format!("{before}{{{}}}{behind}", members.join(","));
            // A mutation can make a name illegible, such as by an escape before it.
            proptest::prop_assume!(!value.contains('\\') && !behind.contains("_token"));
            let issued = issued(&body);
            proptest::prop_assert_eq!(issued.access_token.expose(), "a");
            proptest::prop_assert!(issued.refresh_token.is_some_and(|token| token.expose() == "r"));
        }
    }
}
