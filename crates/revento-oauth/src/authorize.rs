//! The authorization request (contract §2.1).

mod packed;

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use revento_core::{EventId, Scopes, Timestamp, TokenKind};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::{Integration, pkce::Verifier};

/// The lifetime of a flow. It is longer than that of a code, so that a human has time to read the consent page.
pub const PENDING_LIFETIME: Duration = Duration::from_secs(15 * 60);

/// What to ask for. The scopes decide whether an organizer or a participant is asked (contract §2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// The event to connect or to sign in to.
    pub event_id: EventId,
    /// The scopes, all of one token kind. The platform refuses a mixture with `invalid_scope`.
    pub scopes: Scopes,
}

/// A started authorization: where to send the browser, and what to keep until it returns.
#[derive(Debug, Clone)]
pub struct StartedAuthorization {
    /// The URL of the platform's consent page.
    pub url: String,
    /// The pending authorization. Keep it sealed and bound to this browser, such as in a cookie, and use it once.
    pub pending: PendingAuthorization,
}

/// An authorization whose browser has not returned yet. It holds the PKCE verifier and so is a secret: seal what serde writes
/// before it leaves the process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PendingAuthorization {
    pub(crate) state: Box<str>,
    pub(crate) verifier: Verifier,
    pub(crate) redirect_uri: String,
    pub(crate) event_id: EventId,
    #[serde(with = "scopes_as_text")]
    pub(crate) scopes: Scopes,
    pub(crate) expires_at: Timestamp,
}

impl PendingAuthorization {
    /// The requested event.
    pub fn event_id(&self) -> &EventId {
        &self.event_id
    }

    /// The requested scopes.
    pub fn scopes(&self) -> &Scopes {
        &self.scopes
    }

    /// The kind of token that the flow gives, by its scopes (contract §2.1).
    pub fn token_kind(&self) -> TokenKind {
        self.scopes.token_kind().unwrap_or(TokenKind::Installation)
    }

    /// When the flow ends.
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// A name for this flow that is safe to show, such as in a cookie's name: one browser can run many flows. It does not
    /// reveal the state.
    pub fn flow_id(&self) -> String {
        flow_id(&self.state)
    }

    /// The pending authorization in few bytes, such as for a cookie; as secret as the original. The redirect URI is left
    /// out.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        packed::pack(self)
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote. The redirect URI is the integration's, so keep the bytes bound to it.
    /// `None` if it is something else.
    pub fn from_bytes(bytes: &[u8], integration: &Integration) -> Option<Self> {
        packed::unpack(bytes, integration)
    }

    pub(crate) fn has_state(&self, claimed: &str) -> bool {
        self.state.as_bytes().ct_eq(claimed.as_bytes()).into()
    }
}

/// The flow id of a callback's `state`, to find its pending authorization.
pub fn flow_id(state: &str) -> String {
    use sha2::{Digest, Sha256};
    let digest: [u8; 32] = Sha256::digest([b"revento flow id\0", state.as_bytes()].concat()).into();
    let mut id = BASE64_URL_SAFE_NO_PAD.encode(digest);
    id.truncate(16);
    id
}

/// Begins an authorization. `random` must be 64 fresh bytes that nobody can predict. It has no side effects.
pub fn begin(
    integration: &Integration,
    request: &AuthorizationRequest,
    random: &[u8; 64],
    now: Timestamp,
) -> StartedAuthorization {
    let mut state = [0; 32];
    let mut verifier = [0; 32];
    let (first, second) = random.split_at(32);
    state.copy_from_slice(first);
    verifier.copy_from_slice(second);
    let pending = PendingAuthorization {
        state: BASE64_URL_SAFE_NO_PAD.encode(state).into(),
        verifier: Verifier::from_random(&verifier),
        redirect_uri: integration.redirect_uri.clone(),
        event_id: request.event_id.clone(),
        scopes: request.scopes.clone(),
        expires_at: now.saturating_add(PENDING_LIFETIME),
    };
    StartedAuthorization {
        url: url(integration, &pending),
        pending,
    }
}

fn url(integration: &Integration, pending: &PendingAuthorization) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("client_id", integration.client_id.as_str())
        .append_pair("redirect_uri", &pending.redirect_uri)
        .append_pair("scope", &pending.scopes.to_string())
        .append_pair("event_id", pending.event_id.as_str())
        .append_pair("state", &pending.state)
        .append_pair("code_challenge", &pending.verifier.challenge())
        .append_pair("code_challenge_method", "S256")
        .finish();
    format!("{}?{query}", integration.auth_url("/oauth/authorize"))
}

mod scopes_as_text {
    use revento_core::Scopes;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(scopes: &Scopes, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(scopes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Scopes, D::Error> {
        String::deserialize(deserializer).map(|text| Scopes::parse(&text))
    }
}

#[cfg(test)]
mod tests {
    use revento_core::Scope;

    use super::*;
    use crate::Endpoints;

    fn begun() -> StartedAuthorization {
        let integration = Integration::new(
            Endpoints::sandbox("https://auth").unwrap(),
            "cli ent",
            "https://app/cb?x=1",
        )
        .unwrap();
        let scopes = Scopes::from([Scope::EventRead, Scope::ParticipantsRead]);
        let request = AuthorizationRequest {
            event_id: "evt_1".into(),
            scopes,
        };
        begin(
            &integration,
            &request,
            &std::array::from_fn(|i| u8::try_from(i).unwrap()),
            Timestamp::UNIX_EPOCH,
        )
    }

    #[test]
    fn o1_the_url_is_exact() {
        assert_eq!(
            begun().url,
            "https://auth/oauth/authorize?response_type=code&client_id=cli+ent\
             &redirect_uri=https%3A%2F%2Fapp%2Fcb%3Fx%3D1&scope=event.read+participants.read&event_id=evt_1\
             &state=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\
             &code_challenge=zwkx4Wi0nph1A8rxivb-JTtrPYKoEAjD6OHuZ8fI3FU&code_challenge_method=S256"
        );
    }

    #[test]
    fn a_pending_authorization_survives_a_round_trip_and_hides_its_verifier() {
        let pending = begun().pending;
        let text = serde_json::to_string(&pending).unwrap();
        let again: PendingAuthorization = serde_json::from_str(&text).unwrap();
        assert_eq!(again.scopes, pending.scopes);
        assert_eq!(again.verifier.expose(), pending.verifier.expose());
        assert!(!format!("{pending:?}").contains(pending.verifier.expose()));
        assert_eq!(again.flow_id(), flow_id(&pending.state));
    }

    #[test]
    fn what_a_flow_is_about_is_told_and_its_state_is_not() {
        let pending = begun().pending;
        assert_eq!(pending.event_id(), &"evt_1".into());
        assert_eq!(
            pending.scopes(),
            &Scopes::from([Scope::EventRead, Scope::ParticipantsRead])
        );
        // 15 minutes: a human reads the consent page.
        assert_eq!(pending.expires_at(), Timestamp::from_unix_seconds(900));
        // 16 characters for a cookie's name, of the SHA-256 of a text of ours and the state. Another state has another.
        assert_eq!(pending.flow_id(), "oCjiQScEch1G9LQx");
        assert_ne!(flow_id("another"), pending.flow_id());
    }
}
