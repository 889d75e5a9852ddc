//! The answers of the sandbox match the schemas in its documents.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::world::{EVENT, World};

/// Validates a value against a schema, as far as the documents use JSON Schema. Returns the first mismatch.
fn mismatch(root: &Value, schema: &Value, value: &Value, at: &str) -> Option<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.trim_start_matches('#');
        return mismatch(
            root,
            root.pointer(pointer).unwrap_or_else(|| panic!("{reference}")),
            value,
            at,
        );
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let allowed = match &schema["type"] {
        Value::Array(list) => list.iter().any(|name| name == kind),
        Value::String(name) => name == kind,
        _ => true,
    };
    if !allowed {
        return Some(format!("{at} is {kind}, not {}", schema["type"]));
    }
    if schema["format"] == "date-time"
        && value.is_string()
        && value.as_str()?.parse::<jiff::Timestamp>().is_err()
    {
        return Some(format!("{at} is no time: {value}"));
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        if value.get(name.as_str()?).is_none() {
            return Some(format!("{at} lacks {name}"));
        }
    }
    if let (Some(properties), Some(fields)) = (schema["properties"].as_object(), value.as_object()) {
        for (name, field) in fields {
            let Some(known) = properties.get(name) else {
                return Some(format!("{at}.{name} is not documented"));
            };
            if let Some(found) = mismatch(root, known, field, &format!("{at}.{name}")) {
                return Some(found);
            }
        }
    }
    if let (Some(items), Some(rows)) = (schema.get("items"), value.as_array()) {
        return rows
            .iter()
            .enumerate()
            .find_map(|(n, row)| mismatch(root, items, row, &format!("{at}[{n}]")));
    }
    None
}

async fn document(world: &World, path: &str) -> Value {
    world
        .http
        .get(format!("{}{path}", world.info().auth_base))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}

#[tokio::test]
async fn p25_every_answer_of_the_read_api_fits_its_schema() {
    let world = World::start().await;
    let openapi = document(&world, "/openapi.json").await;
    let organizer = world.connect().await;
    let participant = world.sign_in("usr_0004").await;
    let mut checked = 0;
    for (path, methods) in openapi["paths"].as_object().unwrap() {
        let Some(short) = path.strip_prefix("/api/v1") else {
            continue;
        };
        let operation = &methods["get"];
        let token = match &operation["security"][0] {
            guard if guard.get("user").is_some() => &participant.access,
            guard if guard.get("installation").is_some() => &organizer.access,
            _ => continue,
        };
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        let answer: Value = world
            .read(token, &short.replace("{event_id}", EVENT))
            .await
            .json()
            .await
            .unwrap();
        assert_eq!(mismatch(&openapi, schema, &answer, path), None);
        checked += 1;
    }
    assert_eq!(checked, 9);
    let tokens = json!({ "$ref": "#/components/schemas/Tokens" });
    assert_eq!(mismatch(&openapi, &tokens, &organizer.body, "tokens"), None);
    assert_eq!(mismatch(&openapi, &tokens, &participant.body, "tokens"), None);
    let refused: Value = world.read("none", "/me/profile").await.json().await.unwrap();
    let error = json!({ "$ref": "#/components/schemas/Error" });
    assert_eq!(mismatch(&openapi, &error, &refused, "error"), None);
}

#[tokio::test]
async fn p25_every_webhook_fits_its_schema() {
    let world = World::start().await;
    let schema = document(&world, "/webhooks.schema.json").await;
    world.connect().await;
    world.sign_in("usr_0004").await;
    let mut seen = BTreeSet::new();
    for (path, body) in [
        ("/applications/app_published_0002/request-revision", json!({})),
        ("/applications/app_published_0002/reject", json!({})),
        ("/applications/app_published_0002/approve", json!({})),
        ("/participants/par_published_0002/register", json!({})),
        ("/users/usr_0002", json!({ "given_name": "Neve" })),
        ("/applications", json!({ "event_id": EVENT })),
        (
            "/activities/act_published_0101",
            json!({ "title": "Moved", "signups": 500 }),
        ),
        ("/clock", json!({ "advance_s": 11 })),
        ("/events/evt_test_published/unpublish", json!({})),
        ("/events/evt_test_published/publish", json!({})),
        ("/users/usr_0004/revoke", json!({})),
        ("/connections/evt_test_published/revoke", json!({})),
        ("/integrations/int_sandbox_example/suspend", json!({})),
    ] {
        world.act(path, body).await;
        let webhook = world.receiver.next().await.body;
        let event_type = webhook["type"].as_str().unwrap().to_owned();
        let variants = schema["oneOf"].as_array().unwrap();
        let variant = variants
            .iter()
            .find(|one| one["title"] == event_type.as_str())
            .unwrap();
        assert_eq!(
            mismatch(
                &schema,
                &variant["properties"]["data"],
                &webhook["data"],
                &event_type
            ),
            None
        );
        let envelope =
            json!({ "type": "object", "required": schema["required"], "properties": schema["properties"] });
        assert_eq!(mismatch(&schema, &envelope, &webhook, "envelope"), None);
        seen.insert(event_type);
    }
    assert_eq!(seen.len(), 13, "{seen:?}");
}

#[tokio::test]
async fn every_documented_operation_exists() {
    let world = World::start().await;
    let openapi = document(&world, "/openapi.json").await;
    let mut ids = BTreeSet::new();
    for (path, methods) in openapi["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            assert!(ids.insert(operation["operationId"].to_string()), "{path}");
            let url = format!("{}{}", world.info().auth_base, path.replace(['{', '}'], ""));
            let method = method.to_uppercase().parse().unwrap();
            let answer = world.http.request(method, &url).send().await.unwrap();
            let status = answer.status().as_u16();
            let text = answer.text().await.unwrap();
            assert!(
                status != 405 && !text.contains("There is nothing at"),
                "{path}: {status} {text}"
            );
            let documented = operation["responses"].as_object().unwrap();
            assert!(
                documented.contains_key(&status.to_string()),
                "{path} answers {status}: {text}"
            );
        }
    }
}
