//! The JSON Schema of webhook envelopes (contract §4.2, contract §4.3).

use serde_json::{Value, json};

use super::schemas;
use crate::decisions;

/// The schema of `data` for each event type.
const DATA: [(&str, &str); 13] = [
    ("application.submitted", "Application"),
    ("application.approved", "Application"),
    ("application.rejected", "Application"),
    ("application.revision_requested", "Application"),
    ("participant.registered", "Participant"),
    ("participant.profile_updated", "Participant"),
    ("activity.updated", "Activity"),
    ("activity.capacity_state_changed", "ActivityCapacity"),
    (decisions::EVENT_PUBLISHED, "Event"),
    ("event.unpublished", "Event"),
    ("user.revoked_access", "UserRevoked"),
    ("data.deletion_required", "DeletionRequired"),
    ("integration.suspended", "IntegrationSuspended"),
];

pub(super) fn schema() -> Value {
    let variants: Vec<Value> = DATA
        .iter()
        .map(|(event_type, data)| {
            json!({
                "title": event_type,
                "type": "object",
                "properties": {
                    "type": { "const": event_type },
                    "data": { "$ref": format!("#/$defs/{data}") },
                },
                "required": ["type", "data"],
            })
        })
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Webhook envelope",
        "description": "The signed body of a webhook. Ignore types that are not listed; they are not errors.",
        "type": "object",
        "properties": {
            "id": { "type": "string" },
            "type": { "type": "string" },
            "occurred_at": { "type": "string", "format": "date-time" },
            "event_id": { "type": ["string", "null"] },
            "organization_id": { "type": ["string", "null"] },
            "data": { "type": "object" },
        },
        "required": ["id", "type", "occurred_at", "event_id", "organization_id", "data"],
        "oneOf": variants,
        "$defs": schemas::all("#/$defs/"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::config::EVENT_TYPES;

    #[test]
    fn every_event_type_has_its_schema() {
        assert_eq!(DATA.map(|(name, _)| name), EVENT_TYPES);
        let schema = schema();
        for (_, data) in DATA {
            assert!(schema["$defs"][data].is_object(), "{data}");
        }
    }
}
