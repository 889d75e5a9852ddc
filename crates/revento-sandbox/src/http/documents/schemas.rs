//! Schemas of resources, written as lists of `name:type`.
//!
//! A type is `string`, `time`, `uuid`, `int`, `bool`, `object`, the name of another schema, or an array of one of them,
//! such as `[string]`. A `?` after it allows null. A field with a leading `-` is optional.

use serde_json::{Map, Value, json};

/// All schemas.
const SCHEMAS: [(&str, &str); 18] = [
    ("Error", "error:string message:string request_id:uuid"),
    (
        "OAuthError",
        "error:string error_description:string message:string request_id:uuid",
    ),
    (
        "Tokens",
        "access_token:string refresh_token:string token_type:string expires_in:int refresh_expires_in:int scope:string \
         event_id:string organization_id:string -user_id:string",
    ),
    (
        "Event",
        "id:string organization_id:string name:string description:string publish_status:string min_age:string \
         timezone:string starts_at:time ends_at:time created_at:time updated_at:time",
    ),
    (
        "Participant",
        "id:string event_id:string user_id:string application_id:string role:string status:string name:string? \
         given_name:string? family_name:string? email:string? application_status:string last_reviewed_at:time? last_reviewer_id:string? \
         last_review_action:string? custom_form_fields:object submitted_at:time registered_at:time? updated_at:time",
    ),
    (
        "Application",
        "id:string participant_id:string user_id:string event_id:string status:string custom_form_fields:object \
         submitted_at:time updated_at:time -approved_at:time -approver_id:string -rejected_at:time \
         -rejecter_id:string -revision_requested_at:time -reviewer_id:string",
    ),
    (
        "Activity",
        "id:string event_id:string thread_id:string location_id:string title:string description:string status:string \
         min_age:string starts_at:time ends_at:time capacity:int signups:int capacity_state:string updated_at:time",
    ),
    (
        "ActivityCapacity",
        "activity_id:string event_id:string capacity:int signups:int capacity_state:string changed_at:time",
    ),
    (
        "Thread",
        "id:string event_id:string name:string description:string position:int",
    ),
    (
        "Location",
        "id:string event_id:string name:string venue:string building:string floor:string capacity:int",
    ),
    (
        "Wave",
        "id:string event_id:string name:string opens_at:time closes_at:time capacity:int",
    ),
    (
        "Day",
        "date:string starts_at:time ends_at:time activity_ids:[string]",
    ),
    (
        "Program",
        "event_id:string days:[Day] threads:[Thread] activities:[Activity]",
    ),
    (
        "Profile",
        "id:string name:string given_name:string family_name:string email:string updated_at:time",
    ),
    (
        "Installation",
        "id:string event_id:string organization_id:string scopes:[string] status:string connected_at:time \
         ended_at:time? ended_reason:string?",
    ),
    ("UserRevoked", "user_id:string event_id:string revoked_at:time"),
    (
        "DeletionRequired",
        "event_id:string organization_id:string deadline_at:time reason:string",
    ),
    (
        "IntegrationSuspended",
        "integration_id:string reason:string suspended_at:time",
    ),
];

/// The schemas that have a page schema too.
pub(super) const PAGED: [&str; 6] = [
    "Participant",
    "Activity",
    "Thread",
    "Location",
    "Wave",
    "Installation",
];

fn reference(base: &str, name: &str) -> Value {
    json!({ "$ref": format!("{base}{name}") })
}

fn kind(base: &str, text: &str) -> Value {
    if let Some(inner) = text.strip_suffix('?') {
        let mut schema = kind(base, inner);
        if let Some(fields) = schema.as_object_mut()
            && let Some(single) = fields.get("type").cloned()
        {
            fields.insert("type".to_owned(), json!([single, "null"]));
        }
        return schema;
    }
    if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return json!({ "type": "array", "items": kind(base, inner) });
    }
    match text {
        "string" => json!({ "type": "string" }),
        "time" => json!({ "type": "string", "format": "date-time" }),
        "uuid" => json!({ "type": "string", "format": "uuid" }),
        "int" => json!({ "type": "integer" }),
        "bool" => json!({ "type": "boolean" }),
        "object" => json!({ "type": "object" }),
        other => reference(base, other),
    }
}

fn object(base: &str, fields: &str) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for field in fields.split_whitespace() {
        let Some((name, text)) = field.split_once(':') else {
            continue;
        };
        let optional = name.strip_prefix('-');
        if optional.is_none() {
            required.push(Value::from(name));
        }
        properties.insert(optional.unwrap_or(name).to_owned(), kind(base, text));
    }
    json!({ "type": "object", "properties": properties, "required": required })
}

/// All schemas by name. References between them start with `base`.
pub(super) fn all(base: &str) -> Map<String, Value> {
    let mut found: Map<String, Value> = SCHEMAS
        .iter()
        .map(|(name, fields)| ((*name).to_owned(), object(base, fields)))
        .collect();
    for name in PAGED {
        found.insert(
            format!("{name}Page"),
            json!({
                "type": "object",
                "properties": {
                    "data": { "type": "array", "items": reference(base, name) },
                    "next_cursor": { "type": ["string", "null"] },
                    "has_more": { "type": "boolean" },
                },
                "required": ["data", "next_cursor", "has_more"],
            }),
        );
    }
    found
}
