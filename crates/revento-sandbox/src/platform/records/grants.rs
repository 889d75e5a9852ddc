//! Consents, connections and their tokens. Tokens and codes are stored as hashes only.

use serde::{Deserialize, Serialize};

use crate::decisions;
use crate::primitives::time::Time;

/// Which of the two flows a grant came from. The flow decides the token kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Flow {
    /// An organizer connects the integration to an event.
    Installation,
    /// A participant signs in with Revento.
    User,
}

impl Flow {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Installation => "installation",
            Self::User => "user",
        }
    }
}

/// A consent page that waits for its answer. Its id is random and can be used once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Consent {
    pub(crate) id: String,
    pub(crate) client_id: String,
    pub(crate) event_id: String,
    pub(crate) flow: Flow,
    pub(crate) scopes: Vec<String>,
    pub(crate) redirect_uri: String,
    pub(crate) state: String,
    pub(crate) challenge: String,
    pub(crate) expires_at: Time,
}

/// An authorization code, by its hash.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Code {
    pub(crate) hash: String,
    pub(crate) client_id: String,
    pub(crate) event_id: String,
    pub(crate) flow: Flow,
    pub(crate) user_id: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: String,
    pub(crate) expires_at: Time,
    /// The family that its first use issued; `None` until then.
    pub(crate) used_for: Option<String>,
    /// Whether an exchange that failed a check has used it up.
    #[serde(default)]
    pub(crate) burned: bool,
}

impl Code {
    /// Whether it was used, or used up by an exchange that failed.
    pub(crate) fn is_spent(&self) -> bool {
        self.burned || self.used_for.is_some()
    }
}

/// One organizer consent: the connection of an integration to an event.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Connection {
    pub(crate) id: String,
    pub(crate) client_id: String,
    pub(crate) event_id: String,
    pub(crate) organization_id: String,
    pub(crate) scopes: Vec<String>,
    /// The scopes that the manifest declared at the time of the consent. A scope that is added later requires a new consent.
    #[serde(default)]
    pub(crate) declared: Vec<String>,
    pub(crate) connected_at: Time,
    pub(crate) ended: Option<Revocation>,
}

/// When and why something ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Revocation {
    pub(crate) at: Time,
    pub(crate) reason: String,
}

/// A token family: all tokens that descend from one consent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Family {
    pub(crate) id: String,
    pub(crate) client_id: String,
    pub(crate) event_id: String,
    pub(crate) organization_id: String,
    pub(crate) flow: Flow,
    pub(crate) user_id: Option<String>,
    pub(crate) scopes: Vec<String>,
    /// How many token pairs were issued.
    pub(crate) generation: u32,
    pub(crate) issued_at: Time,
    pub(crate) refreshed_at: Time,
    /// When the newest access token expires.
    pub(crate) access_expires_at: Time,
    /// When the newest refresh token expires.
    pub(crate) refresh_expires_at: Time,
    /// When the family ends, one year after its first pair.
    pub(crate) capped_at: Time,
    pub(crate) revoked: Option<Revocation>,
}

impl Family {
    /// The id of its rate budget.
    pub(crate) fn budget_id(&self) -> String {
        if decisions::BUDGET_OUTLIVES_REFRESH {
            self.id.clone()
        } else {
            format!("{}/{}", self.id, self.generation)
        }
    }
}

/// An access token, by its hash.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AccessToken {
    pub(crate) hash: String,
    pub(crate) family_id: String,
    pub(crate) expires_at: Time,
}

/// A refresh token, by its hash.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RefreshToken {
    pub(crate) hash: String,
    pub(crate) family_id: String,
    pub(crate) generation: u32,
    pub(crate) expires_at: Time,
    pub(crate) used_at: Option<Time>,
}
