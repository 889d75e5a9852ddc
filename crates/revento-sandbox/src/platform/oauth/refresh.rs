//! Refreshing: rotation, and the end of a family whose used token comes back (contract section 2.4).

use crate::machine::digest;
use crate::machine::time::Time;
use crate::platform::config::Integration;
use crate::platform::oauth::fault::Fault;
use crate::platform::oauth::params::Params;
use crate::platform::oauth::tokens::{self, FreshPair, Issued};
use crate::platform::state::State;

/// Refreshes on behalf of an authenticated client.
pub(crate) fn refresh(
    state: &mut State,
    now: Time,
    integration: &Integration,
    params: &Params,
    fresh: FreshPair,
) -> Result<Issued, Fault> {
    let sent = params
        .get("refresh_token")
        .ok_or_else(|| Fault::request("refresh_token is missing."))?;
    let unknown = || Fault::grant("This refresh token is unknown. Start the consent again.");
    let hash = digest::fingerprint(sent);
    let token = state.refresh_tokens.get(&hash).cloned().ok_or_else(unknown)?;
    let family = state
        .families
        .get(&token.family_id)
        .cloned()
        .ok_or_else(unknown)?;
    if family.client_id != integration.client_id {
        return Err(Fault::grant("This refresh token was issued to another client."));
    }
    if token.used_at.is_some() {
        state.count("reuses");
        tokens::revoke(state, now, &family.id, "refresh_token_reuse");
        return Err(Fault::grant(
            "This refresh token was used before, so its whole family has been revoked. Start the consent again.",
        ));
    }
    if let Some(revoked) = &family.revoked {
        return Err(Fault::grant(format!(
            "These tokens were revoked ({}). Start the consent again.",
            revoked.reason
        )));
    }
    if family.capped_at <= now {
        return Err(Fault::grant(
            "One year after the first issue has passed. Start the consent again.",
        ));
    }
    if token.expires_at <= now {
        return Err(Fault::grant(
            "This refresh token was not used for 90 days and has expired. Start the consent again.",
        ));
    }
    if let Some(scope) = params.get("scope")
        && let Some(extra) = scope
            .split(' ')
            .find(|name| !family.scopes.iter().any(|granted| granted == name))
    {
        return Err(Fault::scope(format!(
            "The scope '{extra}' was not granted. A refresh cannot add scopes."
        )));
    }
    state
        .refresh_tokens
        .change(&hash, |token| token.used_at = Some(now));
    state.count("refreshes");
    Ok(tokens::issue(state, now, family, fresh))
}
