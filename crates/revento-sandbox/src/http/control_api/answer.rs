//! The answers of the control API.

use axum::Json;
use serde_json::{Value, json};

use crate::http::error_response::ErrorResponse;
use crate::platform::context::Context;
use crate::platform::state::State;
use crate::runtime::Runtime;

/// How many webhooks an answer lists at most. An action on an organization can have one for each of its connections.
const MAX_LISTED: usize = 100;

/// A JSON document, or an error.
pub(super) type Answer = Result<Json<Value>, ErrorResponse>;

/// The answer of a call that returns no document.
pub(super) fn ok() -> Json<Value> {
    Json(done())
}

/// The error for an unknown action in a path.
pub(super) fn unknown_action(action: &str, known: &str) -> ErrorResponse {
    ErrorResponse::not_found(format!("There is no action '{action}'; the actions are {known}."))
}

/// Runs a command, and adds to its document which webhooks follow, or why none does.
pub(super) async fn act<'a, E>(
    runtime: &'a Runtime,
    command: impl FnOnce(&mut State, Context<'a>) -> Result<Value, E>,
) -> Answer
where
    ErrorResponse: From<E>,
{
    let (mut document, announced) = runtime
        .write(|state, context| {
            let document = command(state, context)?;
            Ok::<_, E>((document, std::mem::take(&mut state.announced)))
        })
        .await??;
    if let Some(members) = document.as_object_mut() {
        let listed = announced.iter().take(MAX_LISTED).map(|row| json!(row)).collect();
        members.insert("webhooks".to_owned(), listed);
    }
    Ok(Json(document))
}

/// The document of a command that returns nothing.
pub(super) fn done() -> Value {
    json!({ "ok": true })
}
