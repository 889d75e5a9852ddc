//! The valid secrets of an integration (contract §1).

use crate::decisions;
use crate::platform::config::Integration;
use crate::platform::records::SecretKind;
use crate::platform::state::State;
use crate::primitives::secret::Secret;
use crate::primitives::time::Time;

/// What the ids of an integration's rotated secrets start with.
pub(crate) fn id_prefix(client_id: &str, kind: SecretKind) -> String {
    match kind {
        SecretKind::Client => format!("client_{client_id}_"),
        SecretKind::Webhook => format!("webhook_{client_id}_"),
    }
}

/// The secret that the integration was registered with. A public client has no client secret, and an integration without
/// webhook types no webhook secret.
pub(crate) fn registered(integration: &Integration, kind: SecretKind) -> Option<Secret> {
    match kind {
        SecretKind::Client => integration.client_secret.clone(),
        SecretKind::Webhook => integration.webhook_secret.clone(),
    }
}

/// The secrets that are valid now, the oldest first.
pub(crate) fn valid(state: &State, now: Time, integration: &Integration, kind: SecretKind) -> Vec<Secret> {
    let prefix = id_prefix(&integration.client_id, kind);
    let mut rows = state.credentials.range(&prefix, None).peekable();
    if rows.peek().is_none() {
        return registered(integration, kind).into_iter().collect();
    }
    rows.filter(|row| row.retires_at.is_none_or(|at| at > now))
        .map(|row| row.secret.clone())
        .collect()
}

/// The newest secret: the one to configure.
pub(crate) fn newest(
    state: &State,
    now: Time,
    integration: &Integration,
    kind: SecretKind,
) -> Option<Secret> {
    valid(state, now, integration, kind).pop()
}

/// The secret that signs a webhook now.
pub(crate) fn signing(state: &State, now: Time, integration: &Integration) -> Option<Secret> {
    let mut valid = valid(state, now, integration, SecretKind::Webhook);
    if decisions::OLD_SECRET_SIGNS_DURING_OVERLAP {
        valid.into_iter().next()
    } else {
        valid.pop()
    }
}

/// The first webhook secret that the integration ever had, whether or not it is still valid.
pub(crate) fn oldest(state: &State, integration: &Integration) -> Option<Secret> {
    let prefix = id_prefix(&integration.client_id, SecretKind::Webhook);
    let first = state
        .credentials
        .range(&prefix, None)
        .next()
        .map(|row| row.secret.clone());
    first.or_else(|| registered(integration, SecretKind::Webhook))
}
