//! Refreshing: rotates the refresh token, and revokes the family if a used token is sent again (contract §2.4).

use crate::platform::config::Integration;
use crate::platform::oauth::error::OAuthError;
use crate::platform::oauth::params::Params;
use crate::platform::oauth::tokens::{self, FreshPair, IssuedTokens};
use crate::platform::state::State;
use crate::primitives::digest;
use crate::primitives::time::Time;

/// Refreshes the tokens of an authenticated client.
pub(crate) fn refresh(
    state: &mut State,
    now: Time,
    integration: &Integration,
    params: &Params,
    fresh: FreshPair,
) -> Result<IssuedTokens, OAuthError> {
    let sent = params
        .get("refresh_token")
        .ok_or_else(|| OAuthError::invalid_request("refresh_token is missing."))?;
    let unknown = || OAuthError::invalid_grant("This refresh token is unknown. Start the consent again.");
    let hash = digest::fingerprint(sent);
    let token = state.refresh_tokens.get(&hash).cloned().ok_or_else(unknown)?;
    let family = state
        .families
        .get(&token.family_id)
        .cloned()
        .ok_or_else(unknown)?;
    if family.client_id != integration.client_id {
        return Err(OAuthError::invalid_grant(
            "This refresh token was issued to another client.",
        ));
    }
    if token.used_at.is_some() {
        state.increment("reuses");
        tokens::revoke(state, now, &family.id, "refresh_token_reuse");
        return Err(OAuthError::invalid_grant(
            "This refresh token was used before, so its token family is revoked. Start the consent again.",
        ));
    }
    if let Some(revoked) = &family.revoked {
        return Err(OAuthError::invalid_grant(format!(
            "These tokens were revoked ({}). Start the consent again.",
            revoked.reason
        )));
    }
    if family.capped_at <= now {
        return Err(OAuthError::invalid_grant(
            "One year has passed since the first tokens were issued. Start the consent again.",
        ));
    }
    if token.expires_at <= now {
        return Err(OAuthError::invalid_grant(
            "This refresh token was not used for 90 days and has expired. Start the consent again.",
        ));
    }
    if let Some(scope) = params.get("scope")
        && let Some(extra) = scope
            .split(' ')
            .find(|name| !family.scopes.iter().any(|granted| granted == name))
    {
        return Err(OAuthError::invalid_scope(format!(
            "The scope '{extra}' was not granted. A refresh cannot add scopes."
        )));
    }
    state
        .refresh_tokens
        .change(&hash, |token| token.used_at = Some(now));
    state.increment("refreshes");
    Ok(tokens::issue(state, now, family, fresh))
}
