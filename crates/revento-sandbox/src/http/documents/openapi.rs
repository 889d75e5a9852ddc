//! The OpenAPI document, built from the tables of operations.

use serde_json::{Map, Value, json};

use super::operation::{Guard, Operation};
use super::{control_api, platform, schemas};

/// The OpenAPI document.
pub(super) fn document(base: &str) -> Value {
    let mut paths = Map::new();
    let tagged = platform::OPERATIONS
        .iter()
        .map(|operation| (operation, "platform"))
        .chain(
            control_api::OPERATIONS
                .iter()
                .map(|operation| (operation, "control")),
        );
    for (operation, tag) in tagged {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Some(methods) = path.as_object_mut() {
            methods.insert(operation.method.to_owned(), describe(operation, tag));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Revento sandbox",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The Revento platform on your machine, and the control API of the sandbox.",
        },
        "servers": [{ "url": base }],
        "tags": [
            { "name": "platform", "description": "The endpoints that an integration calls" },
            { "name": "control", "description": "The control API, which a test calls" },
        ],
        "paths": paths,
        "components": {
            "schemas": schemas::all("#/components/schemas/"),
            "securitySchemes": {
                "installation": { "type": "http", "scheme": "bearer" },
                "user": { "type": "http", "scheme": "bearer" },
                "developer": { "type": "http", "scheme": "basic" },
            },
        },
    })
}

fn describe(operation: &Operation, tag: &str) -> Value {
    let mut described = json!({
        "tags": [tag],
        "operationId": operation_id(operation),
        "summary": operation.summary,
        "parameters": parameters(operation),
        "responses": responses(operation),
    });
    if let Some(fields) = described.as_object_mut() {
        let security = match operation.guard {
            Guard::None => json!([]),
            Guard::Installation => json!([{ "installation": [] }]),
            Guard::User => json!([{ "user": [] }]),
            Guard::Developer => json!([{ "developer": [] }]),
        };
        fields.insert("security".to_owned(), security);
        if let Some((encoding, names)) = operation.body {
            fields.insert("requestBody".to_owned(), body(encoding, names));
        }
    }
    described
}

fn operation_id(operation: &Operation) -> String {
    let words = operation
        .path
        .split(['/', '{', '}', '-', '_', '.'])
        .filter(|word| !word.is_empty());
    std::iter::once(operation.method)
        .chain(words)
        .collect::<Vec<_>>()
        .join("_")
}

fn parameters(operation: &Operation) -> Vec<Value> {
    let in_path = operation
        .path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let in_path = in_path
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    let in_query = operation.query.iter().map(|name| {
        let required = name.strip_prefix('!');
        let name = required.unwrap_or(name);
        let schema = match name {
            "limit" => json!({ "type": "integer", "minimum": 1, "maximum": 50, "default": 25 }),
            _ => json!({ "type": "string" }),
        };
        json!({ "name": name, "in": "query", "required": required.is_some(), "schema": schema })
    });
    in_path.chain(in_query).collect()
}

fn body(encoding: &str, names: &str) -> Value {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for field in names.split_whitespace() {
        let Some((name, kind)) = field.split_once(':') else {
            continue;
        };
        let optional = name.strip_prefix('-');
        if optional.is_none() {
            required.push(name);
        }
        properties.insert(optional.unwrap_or(name).to_owned(), json!({ "type": kind }));
    }
    let schema = json!({ "type": "object", "properties": properties, "required": required });
    json!({ "required": !required.is_empty(), "content": { encoding: { "schema": schema } } })
}

fn responses(operation: &Operation) -> Map<String, Value> {
    let content = |schema: Value| json!({ "application/json": { "schema": schema } });
    let named = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let (success, answer) = match operation.answer {
        "html" => (
            "200",
            json!({ "description": "A page", "content": { "text/html": {} } }),
        ),
        "redirect" => ("303", json!({ "description": "Redirects to the integration" })),
        "" => (
            "200",
            json!({ "description": "Done", "content": content(json!({ "type": "object" })) }),
        ),
        name => (
            "200",
            json!({ "description": "The resource", "content": content(named(name)) }),
        ),
    };
    let mut responses = Map::from_iter([(success.to_owned(), answer)]);
    let error = if operation.path == "/oauth/token" {
        "OAuthError"
    } else {
        "Error"
    };
    for status in operation.errors {
        let described = match (operation.path, status) {
            ("/oauth/authorize", 400) => {
                json!({ "description": "A page or an error", "content": { "text/html": {}, "application/json": { "schema": named("Error") } } })
            }
            ("/oauth/authorize", 303) => {
                json!({ "description": "Redirects to the integration with an error" })
            }
            _ => json!({ "description": "The request was refused", "content": content(named(error)) }),
        };
        responses.insert(status.to_string(), described);
    }
    responses
}
