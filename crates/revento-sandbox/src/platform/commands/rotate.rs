//! Rotating secrets, with an overlap during which the old secret stays valid (contract §1).

use super::error::CommandError;
use crate::decisions;
use crate::platform::context::Context;
use crate::platform::queries::secrets;
use crate::platform::records::{Credential, SecretKind};
use crate::platform::state::State;
use crate::primitives::entropy::Purpose;
use crate::primitives::secret::Secret;
use crate::primitives::time::Time;

/// Makes a new secret. The old one stays valid until the overlap ends; one that was already retiring retires now.
/// Returns the new secret and when the old one retires.
pub(crate) fn secret(
    state: &mut State,
    context: Context<'_>,
    client_id: &str,
    kind: SecretKind,
    overlap_s: Option<i64>,
) -> Result<(Secret, Time), CommandError> {
    let integration = context
        .config
        .integration(client_id)
        .ok_or_else(|| CommandError::missing("integration", client_id))?;
    let first = secrets::registered(integration, kind).ok_or_else(|| {
        let why = match kind {
            SecretKind::Client => "is a public client",
            SecretKind::Webhook => "declares no webhook types",
        };
        CommandError::Conflict(format!("'{client_id}' {why} and has no secret to rotate."))
    })?;
    let overlap = overlap_s.unwrap_or(decisions::ROTATION_OVERLAP_S);
    if !(0..=decisions::MAX_ROTATION_OVERLAP_S).contains(&overlap) {
        let text = format!(
            "overlap_s must be a number of seconds from 0 to {}.",
            decisions::MAX_ROTATION_OVERLAP_S
        );
        return Err(CommandError::Conflict(text));
    }
    let random = context.config.entropy.token(Purpose::Secret);
    let random = random.map_err(|error| CommandError::Conflict(error.to_string()))?;
    let prefix = secrets::id_prefix(client_id, kind);
    let mut rows: Vec<Credential> = state.credentials.range(&prefix, None).cloned().collect();
    if rows.is_empty() {
        rows.push(credential(
            format!("{prefix}0000"),
            client_id,
            kind,
            first,
            context.now,
        ));
    }
    let retires_at = context.now.plus_seconds(overlap);
    for row in &mut rows {
        row.retires_at = Some(match row.retires_at {
            Some(at) => at.min(context.now),
            None => retires_at,
        });
    }
    let start = match kind {
        SecretKind::Client => "sk",
        SecretKind::Webhook => "whsec",
    };
    let environment = context.config.environment.as_str();
    let secret = Secret::new(format!("{start}_{environment}_{random}"));
    let id = format!("{prefix}{:04}", rows.len());
    rows.push(credential(id, client_id, kind, secret.clone(), context.now));
    rows.into_iter().for_each(|row| state.credentials.put(row));
    state.increment("secrets_rotated");
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
