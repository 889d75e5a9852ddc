//! Whose token it is, and what the token may read (contract §2.2, contract §3.5).

use crate::platform::records::{Family, Flow};
use crate::platform::state::State;
use crate::primitives::digest;
use crate::primitives::time::Time;

/// Why a token was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AccessDenied {
    Missing,
    Unknown,
    Expired,
    Revoked { reason: String },
    WrongKind { needed: Flow },
    OtherEvent { bound_to: String },
    Scope { missing: &'static str },
}

/// The family of a bearer token, if the token is valid.
pub(crate) fn identify(state: &State, now: Time, bearer: Option<&str>) -> Result<Family, AccessDenied> {
    let token = bearer.ok_or(AccessDenied::Missing)?;
    let row = state
        .access_tokens
        .get(&digest::fingerprint(token))
        .ok_or(AccessDenied::Unknown)?;
    let family = state.families.get(&row.family_id).ok_or(AccessDenied::Unknown)?;
    if let Some(revoked) = &family.revoked {
        return Err(AccessDenied::Revoked {
            reason: revoked.reason.clone(),
        });
    }
    if row.expires_at <= now {
        return Err(AccessDenied::Expired);
    }
    Ok(family.clone())
}

/// Whether a token may read an endpoint. Checks the token kind first, then the event, then the scope.
pub(crate) fn admit(
    family: &Family,
    flow: Flow,
    event_id: Option<&str>,
    scope: &'static str,
) -> Result<(), AccessDenied> {
    if family.flow != flow {
        return Err(AccessDenied::WrongKind { needed: flow });
    }
    if event_id.is_some_and(|id| id != family.event_id) {
        return Err(AccessDenied::OtherEvent {
            bound_to: family.event_id.clone(),
        });
    }
    if !family.scopes.iter().any(|granted| granted == scope) {
        return Err(AccessDenied::Scope { missing: scope });
    }
    Ok(())
}
