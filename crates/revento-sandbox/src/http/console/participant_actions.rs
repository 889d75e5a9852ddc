//! The forms of the participant: profile, access, applications.

use axum::extract::State;
use axum::response::Response;

use super::form::{ConsoleForm, unknown_action};
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::platform::commands::{lifecycle, review};

type Answer = Result<Response, ErrorResponse>;

pub(super) async fn rename(State(runtime): SharedRuntime, form: ConsoleForm) -> Answer {
    let (given, family) = (form.get("given_name"), form.get("family_name"));
    let result = runtime
        .write(|state, context| review::rename(state, context, form.id(), given, family))
        .await?;
    Ok(form.respond("/console/participants", result))
}

pub(super) async fn revoke_access(State(runtime): SharedRuntime, form: ConsoleForm) -> Answer {
    let client_id = form.text("client_id");
    let result = runtime
        .write(|state, context| lifecycle::revoke_user(state, context, client_id, form.id()))
        .await?;
    Ok(form.respond("/console/participants", result))
}

pub(super) async fn application(State(runtime): SharedRuntime, form: ConsoleForm) -> Answer {
    let (event_id, user_id) = (form.text("event_id"), form.get("user_id"));
    let result = runtime
        .write(|state, context| match form.text("act") {
            "submit" => review::submit(state, context, event_id, user_id, serde_json::Map::new()).map(drop),
            "register" => review::register(state, context, form.id()).map(drop),
            "cancel" => review::cancel(state, context, form.id()).map(drop),
            _ => Err(unknown_action()),
        })
        .await?;
    Ok(form.respond("/console/participants", result))
}
