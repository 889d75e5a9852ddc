//! The exchange of a code for a connection (contract §2.3).
//!
//! An exchange is strict about the binding, unlike a refresh: a refused answer loses nothing, because the human can consent
//! again (invariant T4). An answer without a refresh token gives a connection that lasts as long as its access token.

use revento_core::{
    Connection, ConnectionKey, ConnectionStatus, EventId, Scopes, StatusReason, Timestamp, TokenKind,
    error::ErrorKind, limits, text::printable,
};

use crate::{
    CodeGrant, Integration, TokenAnswer, TokenPair,
    token::{IssuedTokens, Lifetimes},
};

/// An exchange that gave no connection. Its code is spent or useless, so the human has to consent again. Nothing is stored.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The platform refused the code or the client.
    #[error("the platform refused the code: {}{}; {}", printable(.error), describe(.description), remedy(.error))]
    Refused {
        /// The error code of RFC 6749 §5.2.
        error: Box<str>,
        /// The platform's explanation.
        description: Option<String>,
    },
    /// The answer is not one of a token endpoint. The code may be spent.
    #[error("the token endpoint answered {status}, with {problem}; the code may be spent: connect again")]
    Unreadable {
        /// The HTTP status.
        status: u16,
        /// What is wrong with the answer, without its content.
        problem: String,
    },
    /// The answer lacks a field that the contract promises. The code is spent.
    #[error(
        "the token endpoint's answer lacks {0:?}, which the contract promises; nothing is stored: connect again"
    )]
    Missing(&'static str),
    /// The tokens are bound to something else than was requested. The code is spent.
    #[error("the tokens are bound to another {what} than was requested; they are not stored: connect again")]
    Mismatch {
        /// What differs: the event, the token kind, the scopes or the token type.
        what: &'static str,
    },
}

revento_core::readable_debug!(ExchangeError);

impl ExchangeError {
    /// Who is at fault.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused { error, .. } => match &**error {
                "invalid_client" => ErrorKind::Configuration,
                "invalid_grant" => ErrorKind::ConsentRequired,
                _ => ErrorKind::Refused,
            },
            Self::Unreadable { .. } | Self::Missing(_) | Self::Mismatch { .. } => ErrorKind::Platform,
        }
    }

    /// Whether the same call can succeed later: no, a code is good for one exchange.
    pub fn is_transient(&self) -> bool {
        false
    }

    /// Whether the platform may have issued tokens.
    pub fn may_have_taken_effect(&self) -> bool {
        !matches!(self, Self::Refused { .. })
    }
}

fn describe(description: &Option<String>) -> String {
    description
        .as_ref()
        .map(|text| format!(" ({})", printable(text)))
        .unwrap_or_default()
}

fn remedy(error: &str) -> &'static str {
    match error {
        "invalid_client" => "check the client id and secret against the developer console",
        _ => "connect again",
    }
}

/// A new connection and its tokens. Store both before the tokens are used (invariant T2).
#[derive(Debug, Clone)]
pub struct NewConnection {
    /// The connection. Its generation is 1; a caller whose store knows the key already continues the count.
    pub connection: Connection,
    /// The tokens.
    pub tokens: TokenPair,
}

impl CodeGrant {
    /// The event that the connection will be bound to.
    pub fn event_id(&self) -> &EventId {
        &self.event_id
    }

    /// The requested scopes. The organizer may have granted fewer.
    pub fn requested_scopes(&self) -> &Scopes {
        &self.scopes
    }

    /// Checks the answer to the exchange. `sent_at` is the caller's time when the request was sent.
    ///
    /// An answer without a refresh token, which the contract promises, gives a connection all the same: its reason is
    /// [`StatusReason::NoRefreshToken`], and it needs consent when its access token ends.
    ///
    /// # Errors
    /// The platform refused the code, or the answer is not what was requested.
    pub fn finish_exchange(
        &self,
        integration: &Integration,
        answer: TokenAnswer,
        sent_at: Timestamp,
        now: Timestamp,
    ) -> Result<NewConnection, ExchangeError> {
        match answer {
            TokenAnswer::Issued(issued) => self.accept(integration, *issued, sent_at, now),
            TokenAnswer::Refused {
                error, description, ..
            } => Err(ExchangeError::Refused {
                error: error.as_str().into(),
                description,
            }),
            TokenAnswer::Unreadable { status, problem } => Err(ExchangeError::Unreadable {
                status: status.as_u16(),
                problem,
            }),
        }
    }

    fn accept(
        &self,
        integration: &Integration,
        issued: IssuedTokens,
        sent_at: Timestamp,
        now: Timestamp,
    ) -> Result<NewConnection, ExchangeError> {
        self.check_binding(&issued)?;
        let lifetimes = Lifetimes::of(&issued, sent_at, sent_at.saturating_add(limits::CONSENT_LIFETIME));
        let scopes = issued.scope.unwrap_or_else(|| self.scopes.clone());
        if !scopes.is_subset(&self.scopes) {
            return Err(ExchangeError::Mismatch {
                what: "set of scopes",
            });
        }
        let client_id = integration.client_id().clone();
        let key = match (self.token_kind, issued.user_id) {
            (TokenKind::Installation, _) => ConnectionKey::installation(client_id, self.event_id.clone()),
            (TokenKind::User, Some(user_id)) => {
                ConnectionKey::user(client_id, self.event_id.clone(), user_id)
            }
            (TokenKind::User, None) => return Err(ExchangeError::Missing("user_id")),
        };
        let connection = Connection {
            key,
            organization_id: issued.organization_id,
            status: ConnectionStatus::Connected,
            reason: issued
                .refresh_token
                .is_none()
                .then_some(StatusReason::NoRefreshToken),
            status_since: now,
            delete_by: None,
            scopes,
            generation: 1,
            consented_at: platform_time(sent_at, now, issued.date),
            access_expires_at: lifetimes.access_expires_at,
            refresh_expires_at: lifetimes.refresh_expires_at,
            consent_expires_at: lifetimes.consent_expires_at,
        };
        Ok(NewConnection {
            connection,
            tokens: TokenPair {
                access: issued.access_token,
                refresh: issued.refresh_token,
            },
        })
    }

    fn check_binding(&self, issued: &IssuedTokens) -> Result<(), ExchangeError> {
        let event_id = issued
            .event_id
            .as_ref()
            .ok_or(ExchangeError::Missing("event_id"))?;
        if *event_id != self.event_id {
            return Err(ExchangeError::Mismatch { what: "event" });
        }
        if token_kind(issued).is_some_and(|kind| kind != self.token_kind) {
            return Err(ExchangeError::Mismatch {
                what: "kind of token",
            });
        }
        match &issued.token_type {
            Some(other) if !other.eq_ignore_ascii_case("bearer") => Err(ExchangeError::Mismatch {
                what: "type of token",
            }),
            _ => Ok(()),
        }
    }
}

/// The kind of token by its prefix, if it has a known one (contract §2.3).
pub(crate) fn token_kind(issued: &IssuedTokens) -> Option<TokenKind> {
    let token = issued.access_token.expose();
    if token.starts_with("rev_install_") {
        Some(TokenKind::Installation)
    } else if token.starts_with("rev_user_") {
        Some(TokenKind::User)
    } else {
        None
    }
}

/// The time of the consent on the platform's clock, which dates the webhooks (invariant T8). Clocks that differ by a few
/// seconds count as equal, because `Date` has whole seconds only.
fn platform_time(sent_at: Timestamp, now: Timestamp, date: Option<Timestamp>) -> Timestamp {
    const TOLERANCE: std::time::Duration = std::time::Duration::from_secs(5);
    match date {
        Some(date) if date > now.saturating_add(TOLERANCE) => {
            sent_at.saturating_add(date.saturating_since(now))
        }
        Some(date) if now > date.saturating_add(TOLERANCE) => {
            sent_at.saturating_sub(now.saturating_since(date))
        }
        _ => sent_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AuthorizationRequest, Endpoints, authorize};

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_778_336_551);

    fn exchange(scopes: &str, body: &str) -> Result<NewConnection, ExchangeError> {
        let integration =
            Integration::new(Endpoints::sandbox("https://auth").unwrap(), "c", "https://app/cb").unwrap();
        let request = AuthorizationRequest {
            event_id: "evt_1".into(),
            scopes: Scopes::parse(scopes),
        };
        let pending = authorize::begin(&integration, &request, &[9; 64], NOW).pending;
        let query = format!("code=abc&state={}", pending.state);
        let grant = pending.callback(&query, NOW).unwrap();
        assert_eq!(grant.requested_scopes(), &request.scopes);
        let answer = TokenAnswer::read(&http::Response::new(body.as_bytes()));
        grant.finish_exchange(&integration, answer, NOW, NOW)
    }

    fn body(changes: &[(&str, serde_json::Value)]) -> String {
        let mut body = serde_json::json!({
            "access_token": "rev_install_a", "refresh_token": "rev_refresh_r", "token_type": "Bearer",
            "expires_in": 3600, "scope": "event.read", "event_id": "evt_1", "organization_id": "org_1",
        });
        for (name, value) in changes {
            body[name] = value.clone();
        }
        body.to_string()
    }

    #[test]
    fn o15_fewer_scopes_may_be_granted_than_requested() {
        let new = exchange("event.read program.read", &body(&[])).unwrap();
        assert_eq!(new.connection.scopes.to_string(), "event.read");
        assert_eq!(new.connection.generation, 1);
        assert_eq!(
            new.connection.access_expires_at.unix_seconds(),
            NOW.unix_seconds() + 3600
        );
    }

    #[test]
    fn o17_tokens_bound_to_something_else_are_refused() {
        let cases: [(&str, serde_json::Value, &str); 4] = [
            ("event_id", "evt_2".into(), "event"),
            ("scope", "event.read participants.read".into(), "set of scopes"),
            ("access_token", "rev_user_a".into(), "kind of token"),
            ("token_type", "mac".into(), "type of token"),
        ];
        for (field, value, what) in cases {
            assert_eq!(
                exchange("event.read", &body(&[(field, value)])).unwrap_err(),
                ExchangeError::Mismatch { what }
            );
        }
    }

    #[test]
    fn a_promised_field_that_is_missing_is_named() {
        let error = exchange("event.read", &body(&[("event_id", serde_json::Value::Null)])).unwrap_err();
        assert_eq!(error, ExchangeError::Missing("event_id"));
        let user = body(&[
            ("access_token", "rev_user_a".into()),
            ("scope", "profile.read".into()),
        ]);
        assert_eq!(
            exchange("profile.read", &user).unwrap_err(),
            ExchangeError::Missing("user_id")
        );
    }

    #[test]
    fn h1_an_answer_without_a_refresh_token_keeps_its_access_token() {
        let new = exchange("event.read", &body(&[("refresh_token", serde_json::Value::Null)])).unwrap();
        assert_eq!(new.tokens.access.expose(), "rev_install_a");
        assert!(new.tokens.refresh.is_none());
        let connection = new.connection;
        assert_eq!(connection.status, ConnectionStatus::Connected);
        assert_eq!(connection.reason, Some(StatusReason::NoRefreshToken));
        assert_eq!(connection.refresh_expires_at, connection.access_expires_at);
    }

    #[test]
    fn h31_the_platforms_lifetime_of_a_refresh_token_counts() {
        const DAY: i64 = 86_400;
        let days = |told: serde_json::Value| {
            let new = exchange("event.read", &body(&[("refresh_expires_in", told)])).unwrap();
            (new.connection.refresh_expires_at.unix_seconds() - NOW.unix_seconds()) / DAY
        };
        assert_eq!(days((30 * DAY).into()), 30);
        assert_eq!(days((120 * DAY).to_string().into()), 120);
        assert_eq!(days((4000 * DAY).into()), 365, "a consent ends after a year");
        for useless in [0.into(), (-5).into(), "soon".into(), serde_json::Value::Null] {
            assert_eq!(days(useless), 90);
        }
        let second = exchange("event.read", &body(&[("refresh_expires_in", 1.into())])).unwrap();
        assert_eq!(
            second.connection.refresh_expires_at, second.connection.access_expires_at,
            "never before the access token"
        );
    }

    #[test]
    fn t18_a_user_token_makes_a_user_connection() {
        let user = body(&[
            ("access_token", "rev_user_a".into()),
            ("scope", "profile.read".into()),
            ("user_id", "usr_1".into()),
        ]);
        assert_eq!(
            exchange("profile.read", &user)
                .unwrap()
                .connection
                .key
                .token_kind(),
            TokenKind::User
        );
    }

    #[test]
    fn an_error_says_who_is_at_fault_and_whether_tokens_exist() {
        let kind = |body: &str| {
            let error = exchange("event.read", body).unwrap_err();
            (error.kind(), error.may_have_taken_effect())
        };
        assert_eq!(
            kind(r#"{"error":"invalid_client"}"#),
            (ErrorKind::Configuration, false)
        );
        assert_eq!(
            kind(r#"{"error":"invalid_grant"}"#),
            (ErrorKind::ConsentRequired, false)
        );
        assert_eq!(
            kind(r#"{"error":"invalid_request"}"#),
            (ErrorKind::Refused, false)
        );
        assert_eq!(kind("<html>"), (ErrorKind::Platform, true));
        assert!(!exchange("event.read", "<html>").unwrap_err().is_transient());
    }

    #[test]
    fn a_refusal_says_what_to_do() {
        let error = exchange("event.read", r#"{"error":"invalid_client"}"#).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the platform refused the code: invalid_client; check the client id and secret against the developer console"
        );
        let error = exchange(
            "event.read",
            r#"{"error":"invalid_grant","error_description":"used twice"}"#,
        )
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the platform refused the code: invalid_grant (used twice); connect again"
        );
    }

    #[test]
    fn t8_consent_is_dated_by_the_platforms_clock() {
        let hour = std::time::Duration::from_secs(3660);
        let (ahead, behind) = (NOW.saturating_add(hour), NOW.saturating_sub(hour));
        assert_eq!(platform_time(NOW, NOW, Some(ahead)), ahead);
        assert_eq!(platform_time(NOW, NOW, Some(behind)), behind);
        let nearly = NOW.saturating_sub(std::time::Duration::from_millis(900));
        assert_eq!(platform_time(NOW, NOW, Some(nearly)), NOW);
        assert_eq!(platform_time(NOW, NOW, None), NOW);
        // Up to five seconds are the way of the answer.
        let five = std::time::Duration::from_secs(5);
        for date in [NOW.saturating_add(five), NOW.saturating_sub(five)] {
            assert_eq!(platform_time(NOW, NOW, Some(date)), NOW);
        }
    }
}
