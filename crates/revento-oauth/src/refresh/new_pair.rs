//! The connection after an answer with tokens.

use revento_core::{Connection, ConnectionStatus, RefreshToken, StatusReason, Timestamp};

use super::swap::Pair;
use crate::{
    TokenPair,
    exchange::token_kind,
    token::{IssuedTokens, Lifetimes},
};

/// The next pair. `spent` is the refresh token that was sent.
///
/// No answer is refused, because the old token is spent (invariant T2). A pair that is bound to something else is stored as
/// ended (invariant T4). A pair without a refresh token is stored as in doubt (invariant T1), because the old refresh token may
/// or may not be spent.
pub(super) fn pair(
    old: &Connection,
    issued: IssuedTokens,
    spent: RefreshToken,
    sent_at: Timestamp,
    now: Timestamp,
) -> Pair {
    let (status, reason) = if is_bound_elsewhere(old, &issued) {
        (ConnectionStatus::NeedsConsent, Some(StatusReason::AnswerMismatch))
    } else if issued.refresh_token.is_none() {
        (ConnectionStatus::InDoubt, Some(StatusReason::NoRefreshToken))
    } else {
        (ConnectionStatus::Connected, None)
    };
    let lifetimes = Lifetimes::of(&issued, sent_at, old.consent_expires_at);
    // Without a new refresh token the old one is sent again.
    let refresh_expires_at = match &issued.refresh_token {
        Some(_) => lifetimes.refresh_expires_at,
        None => old.refresh_expires_at,
    };
    let connection = Connection {
        status_since: if old.status == status {
            old.status_since
        } else {
            now
        },
        status,
        reason,
        scopes: issued.scope.unwrap_or_else(|| old.scopes.clone()),
        organization_id: issued.organization_id.or_else(|| old.organization_id.clone()),
        generation: old.generation.saturating_add(1),
        access_expires_at: lifetimes.access_expires_at,
        refresh_expires_at,
        ..old.clone()
    };
    let tokens = TokenPair {
        access: issued.access_token,
        refresh: Some(issued.refresh_token.unwrap_or(spent)),
    };
    Pair { connection, tokens }
}

/// Whether the answer names another event, organization, user or kind of token, or a scope that the connection does not have.
/// Fewer scopes are fine. What the answer does not name stays as it is.
fn is_bound_elsewhere(old: &Connection, issued: &IssuedTokens) -> bool {
    fn differs<T: PartialEq>(named: Option<&T>, known: Option<&T>) -> bool {
        matches!((named, known), (Some(named), Some(known)) if named != known)
    }
    differs(issued.event_id.as_ref(), Some(&old.key.event_id))
        || differs(issued.organization_id.as_ref(), old.organization_id.as_ref())
        || differs(issued.user_id.as_ref(), old.key.user_id.as_ref())
        || issued
            .token_type
            .as_ref()
            .is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer"))
        || differs(token_kind(issued).as_ref(), Some(&old.key.token_kind()))
        || issued
            .scope
            .as_ref()
            .is_some_and(|scopes| !scopes.is_subset(&old.scopes))
}
