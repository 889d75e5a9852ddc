//! Exchanging a code for the first token pair of a family (contract §2.1, contract §2.3).

use crate::decisions;
use crate::platform::config::{Integration, scope_info};
use crate::platform::oauth::authorize::admission;
use crate::platform::oauth::consent::check_eligible;
use crate::platform::oauth::error::OAuthError;
use crate::platform::oauth::params::Params;
use crate::platform::oauth::tokens::{self, FAMILY_LIFETIME_S, FreshPair, IssuedTokens};
use crate::platform::queries::connections;
use crate::platform::records::{Code, Connection, Family, Flow};
use crate::platform::state::State;
use crate::primitives::digest;
use crate::primitives::time::Time;

/// Exchanges the code of an authenticated client.
pub(crate) fn exchange(
    state: &mut State,
    now: Time,
    integration: &Integration,
    params: &Params,
    fresh: FreshPair,
) -> Result<IssuedTokens, OAuthError> {
    let sent = params
        .get("code")
        .ok_or_else(|| OAuthError::invalid_request("code is missing."))?;
    let hash = digest::fingerprint(sent);
    let code = match state.codes.get(&hash) {
        Some(code) if code.client_id == integration.client_id => code.clone(),
        Some(_) => {
            return Err(OAuthError::invalid_grant(
                "This code was issued to another client.",
            ));
        }
        None => {
            return Err(OAuthError::invalid_grant(
                "This code is unknown. A code can be used once; start the consent again.",
            ));
        }
    };
    refuse_used(state, now, &code)?;
    let redirect_uri = params.get("redirect_uri").ok_or_else(|| {
        OAuthError::invalid_request("redirect_uri is missing. Send the one of the authorization request.")
    })?;
    if let Err(error) = check(&code, now, redirect_uri, params.get("code_verifier")) {
        if decisions::FAILED_EXCHANGE_USES_UP_CODE {
            state.codes.change(&hash, |code| code.burned = true);
        }
        return Err(error);
    }
    let family = family_of(state, now, &code, fresh.family_id())?;
    state
        .codes
        .change(&hash, |code| code.used_for = Some(family.id.clone()));
    connect(state, now, integration, &family);
    state.increment("exchanges");
    Ok(tokens::issue(state, now, family, fresh))
}

/// Refuses a code that was used or burned, whatever else the request lacks. The reuse of a code revokes the tokens of its
/// first use.
fn refuse_used(state: &mut State, now: Time, code: &Code) -> Result<(), OAuthError> {
    if let Some(family_id) = &code.used_for {
        state.increment("code_reuses");
        if decisions::CODE_REUSE_REVOKES {
            tokens::revoke(state, now, family_id, "code_reuse");
        }
        return Err(OAuthError::invalid_grant(
            "This code was used before. The tokens of its first use are revoked; start the consent again.",
        ));
    }
    if code.burned {
        return Err(OAuthError::invalid_grant(
            "This code was used up by an exchange that failed a check. Start the consent again.",
        ));
    }
    Ok(())
}

fn check(code: &Code, now: Time, redirect_uri: &str, verifier: Option<&str>) -> Result<(), OAuthError> {
    if code.expires_at <= now {
        return Err(OAuthError::invalid_grant(
            "This code has expired. A code is valid for ten minutes; start the consent again.",
        ));
    }
    if code.redirect_uri != redirect_uri {
        return Err(OAuthError::invalid_grant(
            "redirect_uri differs from the one of the authorization request. Send the same value, byte for byte.",
        ));
    }
    let verifier = verifier.ok_or_else(|| {
        OAuthError::invalid_grant("code_verifier is missing, although code_challenge was sent. Send both.")
    })?;
    let well_formed = (43..=128).contains(&verifier.len())
        && verifier
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
    if !well_formed {
        return Err(OAuthError::invalid_grant(
            "code_verifier is malformed. It must have 43 to 128 unreserved characters.",
        ));
    }
    if digest::pkce_challenge(verifier) != code.challenge {
        return Err(OAuthError::invalid_grant(
            "code_verifier does not match the code_challenge of the authorization request.",
        ));
    }
    Ok(())
}

/// Connects an event as an organizer who authorizes all scopes would, without a browser and without a code. With a user, signs
/// this participant in.
pub(crate) fn connect_at_once(
    state: &mut State,
    now: Time,
    integration: &Integration,
    event_id: &str,
    user_id: Option<&str>,
    fresh: FreshPair,
) -> Result<IssuedTokens, OAuthError> {
    let event = state
        .events
        .get(event_id)
        .ok_or_else(|| OAuthError::invalid_request(format!("There is no event '{event_id}'.")))?;
    let flow = match user_id {
        Some(_) => Flow::User,
        None => Flow::Installation,
    };
    admission(integration, state, event, flow)?;
    if flow == Flow::User {
        check_eligible(state, &integration.client_id, event_id, user_id)?;
    }
    let of_flow = |name: &str| scope_info(name).is_some_and(|scope| scope.flow == flow);
    let declared = integration.scopes.iter().map(|scope| scope.name.clone());
    let family = Family {
        id: fresh.family_id(),
        client_id: integration.client_id.clone(),
        event_id: event_id.to_owned(),
        organization_id: event.organization_id.clone(),
        flow,
        user_id: user_id.map(str::to_owned),
        scopes: declared.filter(|name| of_flow(name)).collect(),
        generation: 0,
        issued_at: now,
        refreshed_at: now,
        access_expires_at: now,
        refresh_expires_at: now,
        capped_at: now.plus_seconds(FAMILY_LIFETIME_S),
        revoked: None,
    };
    connect(state, now, integration, &family);
    Ok(tokens::issue(state, now, family, fresh))
}

fn family_of(state: &State, now: Time, code: &Code, id: String) -> Result<Family, OAuthError> {
    let organization_id = state
        .events
        .get(&code.event_id)
        .map(|event| event.organization_id.clone())
        .ok_or_else(|| {
            OAuthError::invalid_grant("The event of this code no longer exists. Start the consent again.")
        })?;
    if code.flow == Flow::User && !connections::is_connected(state, &code.client_id, &code.event_id) {
        return Err(OAuthError::invalid_grant(
            "The organizer's connection to this event has ended. Connect it again first.",
        ));
    }
    Ok(Family {
        id,
        client_id: code.client_id.clone(),
        event_id: code.event_id.clone(),
        organization_id,
        flow: code.flow,
        user_id: code.user_id.clone(),
        scopes: code.scopes.clone(),
        generation: 0,
        issued_at: now,
        refreshed_at: now,
        access_expires_at: now,
        refresh_expires_at: now,
        capped_at: now.plus_seconds(FAMILY_LIFETIME_S),
        revoked: None,
    })
}

/// Creates or renews the connection, if an organizer consented.
fn connect(state: &mut State, now: Time, integration: &Integration, family: &Family) {
    if family.flow != Flow::Installation {
        return;
    }
    if decisions::CONSENT_ENDS_OLDER_FAMILIES {
        let older: Vec<String> = state
            .families
            .iter()
            .filter(|row| row.flow == Flow::Installation && row.revoked.is_none())
            .filter(|row| row.client_id == family.client_id && row.event_id == family.event_id)
            .map(|row| row.id.clone())
            .collect();
        for id in older {
            tokens::revoke(state, now, &id, "superseded");
        }
    }
    state.connections.put(Connection {
        id: connections::id(&family.client_id, &family.event_id),
        client_id: family.client_id.clone(),
        event_id: family.event_id.clone(),
        organization_id: family.organization_id.clone(),
        scopes: family.scopes.clone(),
        declared: integration
            .scopes
            .iter()
            .map(|scope| scope.name.clone())
            .collect(),
        connected_at: now,
        ended: None,
    });
}
