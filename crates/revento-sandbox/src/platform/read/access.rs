//! Who calls, and what they may read (contract sections 2.2 and 3.5).

use crate::machine::digest;
use crate::machine::time::Time;
use crate::platform::records::{Family, Flow};
use crate::platform::state::State;

/// Why a token opens nothing here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Denied {
    Missing,
    Unknown,
    Expired,
    Revoked { reason: String },
    WrongKind { needed: Flow },
    OtherEvent { bound_to: String },
    Scope { missing: &'static str },
}

/// The family behind a bearer token, alive.
pub(crate) fn identify(state: &State, now: Time, bearer: Option<&str>) -> Result<Family, Denied> {
    let token = bearer.ok_or(Denied::Missing)?;
    let row = state
        .access_tokens
        .get(&digest::fingerprint(token))
        .ok_or(Denied::Unknown)?;
    let family = state.families.get(&row.family_id).ok_or(Denied::Unknown)?;
    if let Some(revoked) = &family.revoked {
        return Err(Denied::Revoked {
            reason: revoked.reason.clone(),
        });
    }
    if row.expires_at <= now {
        return Err(Denied::Expired);
    }
    Ok(family.clone())
}

/// Whether a family opens an endpoint: kind first, then event, then scope.
pub(crate) fn admit(
    family: &Family,
    flow: Flow,
    event_id: Option<&str>,
    scope: &'static str,
) -> Result<(), Denied> {
    if family.flow != flow {
        return Err(Denied::WrongKind { needed: flow });
    }
    if event_id.is_some_and(|id| id != family.event_id) {
        return Err(Denied::OtherEvent {
            bound_to: family.event_id.clone(),
        });
    }
    if !family.scopes.iter().any(|granted| granted == scope) {
        return Err(Denied::Scope { missing: scope });
    }
    Ok(())
}
