//! Rotating secrets, with an overlap in which the old one still holds (contract section 1).

use super::{Refused, Scene};
use crate::decisions;
use crate::machine::entropy::Purpose;
use crate::machine::secret::Secret;
use crate::machine::time::Time;
use crate::platform::config::Integration;
use crate::platform::records::{Credential, SecretKind};
use crate::platform::state::State;

fn prefix(client_id: &str, kind: SecretKind) -> String {
    match kind {
        SecretKind::Client => format!("client_{client_id}_"),
        SecretKind::Webhook => format!("webhook_{client_id}_"),
    }
}

/// The secrets that hold now, the oldest first.
pub(crate) fn holding(state: &State, now: Time, integration: &Integration, kind: SecretKind) -> Vec<Secret> {
    let prefix = prefix(&integration.client_id, kind);
    let mut rows = state.credentials.range(&prefix, None).peekable();
    if rows.peek().is_none() {
        return registered(integration, kind).into_iter().collect();
    }
    rows.filter(|row| row.retires_at.is_none_or(|at| at > now))
        .map(|row| row.secret.clone())
        .collect()
}

fn registered(integration: &Integration, kind: SecretKind) -> Option<Secret> {
    match kind {
        SecretKind::Client => integration.client_secret.clone(),
        SecretKind::Webhook => Some(integration.webhook_secret.clone()),
    }
}

/// The newest secret: the one to configure.
pub(crate) fn newest(
    state: &State,
    now: Time,
    integration: &Integration,
    kind: SecretKind,
) -> Option<Secret> {
    holding(state, now, integration, kind).pop()
}

/// The secret that signs a webhook now.
pub(crate) fn signing(state: &State, now: Time, integration: &Integration) -> Option<Secret> {
    let mut holding = holding(state, now, integration, SecretKind::Webhook);
    if decisions::OLD_SECRET_SIGNS_DURING_OVERLAP {
        holding.into_iter().next()
    } else {
        holding.pop()
    }
}

/// The oldest webhook secret there ever was, retired or not.
pub(crate) fn oldest(state: &State, integration: &Integration) -> Option<Secret> {
    let prefix = prefix(&integration.client_id, SecretKind::Webhook);
    let first = state
        .credentials
        .range(&prefix, None)
        .next()
        .map(|row| row.secret.clone());
    first.or_else(|| registered(integration, SecretKind::Webhook))
}

/// Makes a new secret. The old one holds until the overlap ends; one that was on its way out retires now.
/// Returns the new secret and when the old one retires.
pub(crate) fn rotate(
    state: &mut State,
    scene: Scene<'_>,
    client_id: &str,
    kind: SecretKind,
    overlap_s: Option<i64>,
) -> Result<(Secret, Time), Refused> {
    let integration = scene
        .config
        .integration(client_id)
        .ok_or_else(|| Refused::missing("integration", client_id))?;
    let first = registered(integration, kind).ok_or_else(|| {
        Refused::Conflict(format!(
            "'{client_id}' is a public client and has no secret to rotate."
        ))
    })?;
    let overlap = overlap_s.unwrap_or(decisions::ROTATION_OVERLAP_S);
    if !(0..=decisions::MAX_ROTATION_OVERLAP_S).contains(&overlap) {
        let text = format!(
            "overlap_s is a number of seconds from 0 to {}.",
            decisions::MAX_ROTATION_OVERLAP_S
        );
        return Err(Refused::Conflict(text));
    }
    let random = scene.config.entropy.token(Purpose::Secret);
    let random = random.map_err(|error| Refused::Conflict(error.to_string()))?;
    let prefix = prefix(client_id, kind);
    let mut rows: Vec<Credential> = state.credentials.range(&prefix, None).cloned().collect();
    if rows.is_empty() {
        rows.push(credential(
            format!("{prefix}0000"),
            client_id,
            kind,
            first,
            scene.now,
        ));
    }
    let retires_at = scene.now.plus_seconds(overlap);
    for row in &mut rows {
        row.retires_at = Some(match row.retires_at {
            Some(at) => at.min(scene.now),
            None => retires_at,
        });
    }
    let start = match kind {
        SecretKind::Client => "sk_sandbox_",
        SecretKind::Webhook => "whsec_sandbox_",
    };
    let secret = Secret::new(format!("{start}{random}"));
    let id = format!("{prefix}{:04}", rows.len());
    rows.push(credential(id, client_id, kind, secret.clone(), scene.now));
    rows.into_iter().for_each(|row| state.credentials.put(row));
    state.count("secrets_rotated");
    Ok((secret, retires_at))
}

fn credential(id: String, client_id: &str, kind: SecretKind, secret: Secret, now: Time) -> Credential {
    Credential {
        id,
        client_id: client_id.to_owned(),
        kind,
        secret,
        created_at: now,
        retires_at: None,
    }
}
