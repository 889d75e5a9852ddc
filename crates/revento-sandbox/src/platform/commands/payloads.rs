//! The `data` of webhooks that are not about a resource (contract §4.3).

use serde_json::{Value, json};

use crate::decisions;
use crate::primitives::time::Time;

/// The data of `data.deletion_required`.
pub(crate) fn deletion(event_id: &str, organization_id: &str, reason: &str, now: Time) -> Value {
    json!({
        "event_id": event_id,
        "organization_id": organization_id,
        "deadline_at": now.plus_seconds(decisions::DELETION_DEADLINE_S),
        "reason": reason,
    })
}

/// The data of `user.revoked_access`.
pub(crate) fn user_revocation(user_id: &str, event_id: &str, now: Time) -> Value {
    json!({ "user_id": user_id, "event_id": event_id, "revoked_at": now })
}

/// The data of `integration.suspended`.
pub(crate) fn suspension(client_id: &str, now: Time) -> Value {
    json!({ "integration_id": client_id, "reason": "compliance", "suspended_at": now })
}
