//! The callback of an authorization (RFC 6749 §4.1.2).

use revento_core::{EventId, Scopes, Timestamp, TokenKind, error::ErrorKind, text::printable};
use zeroize::Zeroizing;

use crate::{PendingAuthorization, pkce::Verifier};

/// An authorization code, with everything that its exchange needs.
///
/// Use it once. A second use of a code revokes the tokens of the first (contract §2.1). A browser can repeat a callback, and another
/// replica may get it: take a mark in a store that all replicas share before you use the code (invariant T9).
pub struct CodeGrant {
    pub(crate) code: Zeroizing<String>,
    pub(crate) verifier: Verifier,
    pub(crate) redirect_uri: String,
    pub(crate) event_id: EventId,
    pub(crate) scopes: Scopes,
    pub(crate) token_kind: TokenKind,
}

impl std::fmt::Debug for CodeGrant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CodeGrant")
            .field("event_id", &self.event_id)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

/// A callback without a code. The platform issued nothing.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallbackError {
    /// `access_denied`: the human declined, or may not authorize at all, such as for an organization that is not formal
    /// (contract §2.1).
    #[error("consent was declined{}; connect again to ask once more", described(.description))]
    Declined {
        /// The platform's explanation: one line, at most 300 characters.
        description: Option<String>,
    },
    /// The platform refused the authorization request.
    #[error("the platform refused the authorization: {error}{}; {}", described(.description), remedy(.error))]
    Refused {
        /// The error code of RFC 6749 §4.1.2.1: one line, at most 300 characters.
        error: String,
        /// The platform's explanation: one line, at most 300 characters.
        description: Option<String>,
    },
    /// The callback came after the end of the flow.
    #[error("the consent took too long; connect again")]
    Expired,
    /// The callback does not belong to the flow that this browser began.
    #[error("the `state` of this callback belongs to no flow that this browser began; connect again")]
    StateMismatch,
    /// The callback has no state, or neither a code nor an error, or both, or one of these twice.
    #[error("the callback is malformed: {0}; connect again")]
    Malformed(&'static str),
}

revento_core::readable_debug!(CallbackError);

impl CallbackError {
    /// Who is at fault.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Declined { .. } => ErrorKind::ConsentRequired,
            Self::Refused { error, .. } if is_platform_failure(error) => ErrorKind::Platform,
            Self::Refused { .. } => ErrorKind::Refused,
            Self::Expired | Self::StateMismatch | Self::Malformed(_) => ErrorKind::Rejected,
        }
    }

    /// Whether a new flow can succeed later without a change: only after a failure of the platform.
    pub fn is_transient(&self) -> bool {
        self.kind() == ErrorKind::Platform
    }

    /// Whether the platform may have issued tokens: never.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }
}

/// Whether this code of RFC 6749 §4.1.2.1 blames the platform.
fn is_platform_failure(error: &str) -> bool {
    matches!(error, "server_error" | "temporarily_unavailable")
}

fn remedy(error: &str) -> &'static str {
    if is_platform_failure(error) {
        "connect again later"
    } else {
        "compare the request with the integration's manifest"
    }
}

fn described(description: &Option<String>) -> String {
    description
        .as_ref()
        .map(|text| format!(" ({text})"))
        .unwrap_or_default()
}

impl PendingAuthorization {
    /// Reads the query of a callback, with or without a leading `?`. The flow is over, also after an error.
    ///
    /// The state is checked before anything else.
    ///
    /// # Errors
    /// The callback has no code, or does not belong to this flow.
    pub fn callback(self, query: &str, now: Timestamp) -> Result<CodeGrant, CallbackError> {
        let Parameters {
            state,
            code,
            error,
            error_description,
        } = parse(query)?;
        if !self.has_state(&state.ok_or(NO_STATE)?) {
            return Err(CallbackError::StateMismatch);
        }
        if now >= self.expires_at {
            return Err(CallbackError::Expired);
        }
        match (code, error) {
            (Some(code), None) => Ok(self.granted(code)),
            (None, Some(error)) => Err(refusal(&error, error_description)),
            (Some(_), Some(_)) => Err(CallbackError::Malformed("it has both a `code` and an `error`")),
            (None, None) => Err(CallbackError::Malformed("it has neither a `code` nor an `error`")),
        }
    }

    fn granted(self, code: String) -> CodeGrant {
        CodeGrant {
            token_kind: self.token_kind(),
            code: Zeroizing::new(code),
            verifier: self.verifier,
            redirect_uri: self.redirect_uri,
            event_id: self.event_id,
            scopes: self.scopes,
        }
    }
}

fn refusal(error: &str, description: Option<String>) -> CallbackError {
    // Anybody can write this text.
    let description = description.map(|text| printable(&text).to_string());
    match error {
        "access_denied" => CallbackError::Declined { description },
        other => CallbackError::Refused {
            error: printable(other).to_string(),
            description,
        },
    }
}

const NO_STATE: CallbackError = CallbackError::Malformed("its `state` is missing");

/// The `state` of a callback, to find its [`PendingAuthorization`].
///
/// # Errors
/// [`CallbackError::Malformed`] if it has none, or if a parameter of the flow comes twice.
pub fn state(query: &str) -> Result<String, CallbackError> {
    parse(query)?.state.ok_or(NO_STATE)
}

/// The parameters of the flow (RFC 6749 §4.1.2). Others, such as those of a tracker, are ignored, however often they come.
#[derive(Default)]
struct Parameters {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

fn parse(query: &str) -> Result<Parameters, CallbackError> {
    let query = query.strip_prefix('?').unwrap_or(query);
    let mut parameters = Parameters::default();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let (parameter, twice) = match &*name {
            "state" => (&mut parameters.state, "`state` comes twice"),
            "code" => (&mut parameters.code, "`code` comes twice"),
            "error" => (&mut parameters.error, "`error` comes twice"),
            "error_description" => (
                &mut parameters.error_description,
                "`error_description` comes twice",
            ),
            _ => continue,
        };
        // An empty value counts as absent (RFC 6749 §3.1).
        if !value.is_empty() && parameter.replace(value.into_owned()).is_some() {
            return Err(CallbackError::Malformed(twice));
        }
    }
    Ok(parameters)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{AuthorizationRequest, Endpoints, Integration, authorize};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn pending() -> PendingAuthorization {
        let integration =
            Integration::new(Endpoints::sandbox("https://auth").unwrap(), "c", "https://app/cb").unwrap();
        let request = AuthorizationRequest {
            event_id: "e".into(),
            scopes: Scopes::parse("event.read"),
        };
        authorize::begin(&integration, &request, &[9; 64], NOW).pending
    }

    fn outcome(query: &str) -> Result<CodeGrant, CallbackError> {
        let pending = pending();
        let query = query.replace("STATE", &pending.state);
        pending.callback(&query, NOW)
    }

    #[test]
    fn o10_every_combination_has_an_outcome() {
        use CallbackError::*;
        assert_eq!(*outcome("code=abc&state=STATE").unwrap().code, "abc");
        assert_eq!(*outcome("?state=STATE&code=a%20b&extra=1").unwrap().code, "a b");
        let silent = Declined { description: None };
        assert_eq!(outcome("error=access_denied&state=STATE").unwrap_err(), silent);
        let declined =
            outcome("error=access_denied&error_description=not+formal%0a&state=STATE").unwrap_err();
        assert_eq!(
            declined.to_string(),
            "consent was declined (not formal\\n); connect again to ask once more"
        );
        let refused = outcome("error=invalid_scope&error_description=no&state=STATE").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the platform refused the authorization: invalid_scope (no); compare the request with the integration's manifest"
        );
        for (query, found) in [
            (
                "code=a&error=b&state=STATE",
                "it has both a `code` and an `error`",
            ),
            ("state=STATE", "it has neither a `code` nor an `error`"),
            ("code=&state=STATE", "it has neither a `code` nor an `error`"),
        ] {
            assert_eq!(outcome(query).unwrap_err(), Malformed(found), "{query}");
        }
    }

    #[test]
    fn an_error_says_who_is_at_fault_and_whether_to_try_again() {
        for (query, kind, is_transient) in [
            (
                "error=access_denied&state=STATE",
                ErrorKind::ConsentRequired,
                false,
            ),
            ("error=server_error&state=STATE", ErrorKind::Platform, true),
            (
                "error=temporarily_unavailable&state=STATE",
                ErrorKind::Platform,
                true,
            ),
            ("error=invalid_scope&state=STATE", ErrorKind::Refused, false),
            ("code=a&state=other", ErrorKind::Rejected, false),
            ("state=STATE", ErrorKind::Rejected, false),
        ] {
            let error = outcome(query).unwrap_err();
            assert_eq!(
                (error.kind(), error.is_transient()),
                (kind, is_transient),
                "{query}"
            );
            assert!(!error.may_have_taken_effect(), "{query}");
        }
        let failed = outcome("error=server_error&state=STATE").unwrap_err();
        assert_eq!(
            failed.to_string(),
            "the platform refused the authorization: server_error; connect again later"
        );
        let granted = outcome("code=planted&state=STATE").unwrap();
        let shown = format!("{granted:?}");
        assert!(
            shown.starts_with("CodeGrant { event_id:") && !shown.contains("planted"),
            "{shown}"
        );
    }

    #[test]
    fn h16_only_the_flows_own_parameters_can_be_wrong() {
        use CallbackError::Malformed;
        for foreign in [
            "utm=1&utm=2",
            "Code=1&Code=2",
            "&&=&=",
            "x=%ff&x=%ff",
            "code=&state=",
        ] {
            let query = format!("{foreign}&code=abc&state=STATE&{foreign}");
            assert_eq!(*outcome(&query).unwrap().code, "abc", "{query}");
        }
        for (query, found) in [
            ("code=a&code=b&state=STATE", "`code` comes twice"),
            ("code=a&state=STATE&state=STATE", "`state` comes twice"),
            ("error=a&error=a&state=STATE", "`error` comes twice"),
            (
                "error=a&error_description=b&error_description=c&state=STATE",
                "`error_description` comes twice",
            ),
            ("code=a&state=", "its `state` is missing"),
        ] {
            let error = outcome(query).unwrap_err();
            assert_eq!(error, Malformed(found), "{query}");
            assert!(error.to_string().contains(found));
        }
        assert_eq!(state("state=a&state=b"), Err(Malformed("`state` comes twice")));
        assert_eq!(state("code=a"), Err(Malformed("its `state` is missing")));
        assert_eq!(state("?state=a&x=1&x=2"), Ok("a".into()));
    }

    #[test]
    fn o3_a_callback_of_another_flow_is_refused_first() {
        for query in ["", "code=abc", "code=abc&state=", "error=access_denied"] {
            assert_eq!(outcome(query).unwrap_err(), NO_STATE, "{query}");
        }
        for query in ["code=abc&state=x", "state=x", "code=abc&state=STATEx"] {
            assert_eq!(
                outcome(query).unwrap_err(),
                CallbackError::StateMismatch,
                "{query}"
            );
        }
    }

    #[test]
    fn o3_an_old_flow_is_over() {
        let pending = pending();
        let query = format!("code=abc&state={}", pending.state);
        let late = NOW.saturating_add(Duration::from_secs(15 * 60));
        assert_eq!(
            pending.callback(&query, late).unwrap_err(),
            CallbackError::Expired
        );
    }
}
