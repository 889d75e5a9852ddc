//! Token families: issuing pairs and ending families (contract section 2.4).

use crate::machine::digest;
use crate::machine::entropy::{Entropy, NoEntropy, Purpose};
use crate::machine::time::Time;
use crate::platform::records::{
    AccessToken, AuditEntry, Connection, Family, Flow, Participant, RefreshToken, Revocation,
};
use crate::platform::state::State;

/// Contract section 2.4: an access token lives one hour.
pub(crate) const ACCESS_LIFETIME_S: i64 = 3_600;
/// Contract section 2.4: each refresh starts 90 new days.
pub(crate) const REFRESH_LIFETIME_S: i64 = 90 * 86_400;
/// Contract section 2.4: one year after the first issue, consent is needed again.
pub(crate) const FAMILY_LIFETIME_S: i64 = 365 * 86_400;

/// Random parts of a pair, drawn before the state is locked.
pub(crate) struct FreshPair {
    access: String,
    refresh: String,
    family_id: String,
}

impl FreshPair {
    pub(crate) fn draw(entropy: &Entropy) -> Result<Self, NoEntropy> {
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

/// What a token answer carries; the only place where tokens exist in the clear.
pub(crate) struct Issued {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    pub(crate) expires_in: i64,
    pub(crate) scopes: Vec<String>,
    pub(crate) event_id: String,
    pub(crate) organization_id: String,
    pub(crate) user_id: Option<String>,
}

/// Issues the next pair of a family and stores the family.
pub(crate) fn issue(state: &mut State, now: Time, mut family: Family, fresh: FreshPair) -> Issued {
    let prefix = match family.flow {
        Flow::Installation => crate::decisions::INSTALLATION_PREFIX,
        Flow::User => crate::decisions::USER_PREFIX,
    };
    let access_token = format!("{prefix}{}", fresh.access);
    let refresh_token = format!("{}{}", crate::decisions::REFRESH_PREFIX, fresh.refresh);
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
    state.count("tokens_issued");
    note(
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
    let issued = Issued {
        access_token,
        refresh_token,
        expires_in: expires_at.unix() - now.unix(),
        scopes: family.scopes.clone(),
        event_id: family.event_id.clone(),
        organization_id: family.organization_id.clone(),
        user_id: family.user_id.clone(),
    };
    state.families.put(family);
    issued
}

/// Ends a family; false when it had ended before.
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
        state.count("families_revoked");
        if let Some(family) = state.families.get(family_id).cloned() {
            note(state, now, &family, "family_revoked", reason);
        }
    }
    ended
}

fn note(state: &mut State, now: Time, family: &Family, action: &str, detail: &str) {
    state.note(AuditEntry {
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

/// The id of an integration's connection to an event.
pub(crate) fn connection_id(client_id: &str, event_id: &str) -> String {
    format!("con_{client_id}_{event_id}")
}

/// The connection of an integration to an event, while it holds.
pub(crate) fn connection<'s>(state: &'s State, client_id: &str, event_id: &str) -> Option<&'s Connection> {
    state
        .connections
        .get(&connection_id(client_id, event_id))
        .filter(|connection| connection.ended.is_none())
}

pub(crate) fn is_connected(state: &State, client_id: &str, event_id: &str) -> bool {
    connection(state, client_id, event_id).is_some()
}

/// What a user is at an event, if anything.
pub(crate) fn application<'s>(state: &'s State, event_id: &str, user_id: &str) -> Option<&'s Participant> {
    let event = state.events.get(event_id)?;
    let prefix = format!("par_{}_", event.slug);
    let found = state
        .participants
        .range(&prefix, None)
        .find(|row| row.user_id == user_id)
        .map(|row| row.id.clone());
    state.participants.get(&found?)
}
