//! Token families: issuing token pairs and revoking families (contract §2.4).

use crate::decisions;
use crate::platform::records::{AccessToken, AuditEntry, Family, Flow, RefreshToken, Revocation};
use crate::platform::state::State;
use crate::primitives::digest;
use crate::primitives::entropy::{Entropy, EntropyError, Purpose};
use crate::primitives::time::Time;

/// The lifetime of an access token (contract §2.4).
pub(crate) const ACCESS_LIFETIME_S: i64 = 3_600;
/// The lifetime of a refresh token; each refresh starts it again (contract §2.4).
pub(crate) const REFRESH_LIFETIME_S: i64 = 90 * 86_400;
/// The lifetime of a family, after which a new consent is required (contract §2.4).
pub(crate) const FAMILY_LIFETIME_S: i64 = 365 * 86_400;

/// The random parts of a token pair, drawn before the state is locked.
pub(crate) struct FreshPair {
    access: String,
    refresh: String,
    family_id: String,
}

impl FreshPair {
    pub(crate) fn draw(entropy: &Entropy) -> Result<Self, EntropyError> {
        Ok(Self {
            access: entropy.token(Purpose::Token)?,
            refresh: entropy.token(Purpose::Token)?,
            family_id: format!("fam_{}", entropy.uuid(Purpose::Token)?),
        })
    }

    pub(crate) fn family_id(&self) -> String {
        self.family_id.clone()
    }
}

/// The content of a token answer. Only here do tokens exist in the clear.
pub(crate) struct IssuedTokens {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    pub(crate) expires_in: i64,
    pub(crate) refresh_expires_in: i64,
    pub(crate) scopes: Vec<String>,
    pub(crate) event_id: String,
    pub(crate) organization_id: String,
    pub(crate) user_id: Option<String>,
}

/// Issues the next token pair of a family and stores the family.
pub(crate) fn issue(state: &mut State, now: Time, mut family: Family, fresh: FreshPair) -> IssuedTokens {
    let prefix = match family.flow {
        Flow::Installation => decisions::INSTALLATION_PREFIX,
        Flow::User => decisions::USER_PREFIX,
    };
    let access_token = format!("{prefix}{}", fresh.access);
    let refresh_token = format!("{}{}", decisions::REFRESH_PREFIX, fresh.refresh);
    let expires_at = now.plus_seconds(ACCESS_LIFETIME_S).min(family.capped_at);
    family.generation = family.generation.saturating_add(1);
    family.refreshed_at = now;
    family.access_expires_at = expires_at;
    family.refresh_expires_at = now.plus_seconds(REFRESH_LIFETIME_S).min(family.capped_at);
    state.access_tokens.put(AccessToken {
        hash: digest::fingerprint(&access_token),
        family_id: family.id.clone(),
        expires_at,
    });
    state.refresh_tokens.put(RefreshToken {
        hash: digest::fingerprint(&refresh_token),
        family_id: family.id.clone(),
        generation: family.generation,
        expires_at: family.refresh_expires_at,
        used_at: None,
    });
    state.increment("tokens_issued");
    audit(
        state,
        now,
        &family,
        if family.generation == 1 {
            "tokens_issued"
        } else {
            "tokens_refreshed"
        },
        "",
    );
    let issued = IssuedTokens {
        access_token,
        refresh_token,
        expires_in: expires_at.unix() - now.unix(),
        refresh_expires_in: family.refresh_expires_at.unix() - now.unix(),
        scopes: family.scopes.clone(),
        event_id: family.event_id.clone(),
        organization_id: family.organization_id.clone(),
        user_id: family.user_id.clone(),
    };
    state.families.put(family);
    issued
}

/// Revokes a family; false if it was already revoked.
pub(crate) fn revoke(state: &mut State, now: Time, family_id: &str, reason: &str) -> bool {
    let ended = state
        .families
        .change(family_id, |family| {
            let live = family.revoked.is_none();
            if live {
                family.revoked = Some(Revocation {
                    at: now,
                    reason: reason.to_owned(),
                });
            }
            live
        })
        .unwrap_or(false);
    if ended {
        state.increment("families_revoked");
        if let Some(family) = state.families.get(family_id).cloned() {
            audit(state, now, &family, "family_revoked", reason);
        }
    }
    ended
}

fn audit(state: &mut State, now: Time, family: &Family, action: &str, detail: &str) {
    state.append_audit(AuditEntry {
        id: String::new(),
        at: now,
        client_id: family.client_id.clone(),
        action: action.to_owned(),
        family_id: Some(family.id.clone()),
        generation: Some(family.generation),
        event_id: Some(family.event_id.clone()),
        user_id: family.user_id.clone(),
        detail: detail.to_owned(),
    });
}
