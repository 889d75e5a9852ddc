//! The JSON of records in the control API.

use serde_json::{Value, json};

use crate::platform::context::Context;
use crate::platform::queries::snapshot;
use crate::platform::records::{Attempt, Connection, Delivery, Family};
use crate::platform::state::State;

/// A connection with its token families.
pub(super) fn connection(state: &State, context: Context<'_>, row: &Connection) -> Value {
    let families: Vec<Value> = state
        .families
        .iter()
        .filter(|family| family.client_id == row.client_id && family.event_id == row.event_id)
        .map(family)
        .collect();
    let mut shown = snapshot::connection(state, context, row);
    if let Some(fields) = shown.as_object_mut() {
        fields.insert("client_id".to_owned(), json!(row.client_id));
        fields.insert("families".to_owned(), json!(families));
    }
    shown
}

fn family(row: &Family) -> Value {
    json!({
        "id": row.id,
        "kind": row.flow.as_str(),
        "user_id": row.user_id,
        "scopes": row.scopes,
        "generation": row.generation,
        "issued_at": row.issued_at,
        "refreshed_at": row.refreshed_at,
        "access_expires_at": row.access_expires_at,
        "refresh_expires_at": row.refresh_expires_at,
        "capped_at": row.capped_at,
        "revoked_at": row.revoked.as_ref().map(|revoked| revoked.at),
        "revoked_reason": row.revoked.as_ref().map(|revoked| &revoked.reason),
    })
}

/// A delivery with all its attempts. The signature of an attempt is not a secret: the receiver got it.
pub(super) fn delivery(row: &Delivery) -> Value {
    json!({
        "id": row.id,
        "client_id": row.client_id,
        "envelope_id": row.envelope_id,
        "type": row.event_type,
        "event_id": row.event_id,
        "url": (!row.url.is_empty()).then_some(&row.url),
        "body": row.body,
        "created_at": row.created_at,
        "status": row.status.as_str(),
        "next_attempt_at": row.next_attempt_at,
        "replay_at": row.replay_at,
        "attempts": row.attempts.iter().map(|attempt| self::attempt(row, attempt)).collect::<Vec<_>>(),
    })
}

fn attempt(delivery: &Delivery, row: &Attempt) -> Value {
    // A list, because a name can occur more than once.
    let headers = |pairs: &[(String, String)]| -> Value {
        pairs
            .iter()
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect()
    };
    json!({
        "number": row.number,
        "at": row.at,
        "duration_ms": row.duration_ms,
        "forwarded_to": row.forwarded_to,
        "fault": row.fault,
        "request": { "headers": headers(&row.request_headers), "body": delivery.body },
        "status": row.status,
        "response": { "headers": headers(&row.response_headers), "body": row.response_body },
        "error": row.error,
    })
}
