//! Actions of organizers, participants and Revento.

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer::{Answer, act, done, ok, unknown_action};
use crate::http::body::JsonBody;
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::http::oauth;
use crate::platform::commands::program::{self, ActivityChange};
use crate::platform::commands::review::{self, ReviewDecision};
use crate::platform::commands::webview_pages::{self, NewPage};
use crate::platform::commands::{CommandError, lifecycle};
use crate::platform::oauth::exchange::connect_at_once;
use crate::platform::oauth::tokens::FreshPair;
use crate::platform::queries::snapshot;
use crate::runtime::Runtime;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Submission {
    event_id: String,
    user_id: Option<String>,
    #[serde(default)]
    custom_form_fields: Map<String, Value>,
}

pub(super) async fn submit(State(runtime): SharedRuntime, JsonBody(sent): JsonBody<Submission>) -> Answer {
    act(&runtime, |state, context| {
        let user_id = sent.user_id.as_deref();
        let fields = sent.custom_form_fields;
        review::submit(state, context, &sent.event_id, user_id, fields).map(|row| snapshot::application(&row))
    })
    .await
}

pub(super) async fn review(
    State(runtime): SharedRuntime,
    Path((id, action)): Path<(String, String)>,
) -> Answer {
    if action == "cancel" {
        return act(&runtime, |state, context| {
            review::cancel(state, context, &id).map(|row| snapshot::application(&row))
        })
        .await;
    }
    let decision = ReviewDecision::parse(&action)
        .ok_or_else(|| unknown_action(&action, "approve, reject, request-revision and cancel"))?;
    act(&runtime, |state, context| {
        review::review(state, context, &id, decision).map(|row| snapshot::application(&row))
    })
    .await
}

pub(super) async fn register(State(runtime): SharedRuntime, Path(id): Path<String>) -> Answer {
    act(&runtime, |state, context| {
        review::register(state, context, &id).map(|row| snapshot::participant(state, &row))
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rename {
    given_name: Option<String>,
    family_name: Option<String>,
}

pub(super) async fn rename(
    State(runtime): SharedRuntime,
    Path(id): Path<String>,
    JsonBody(sent): JsonBody<Rename>,
) -> Answer {
    act(&runtime, |state, context| {
        let (given, family) = (sent.given_name.as_deref(), sent.family_name.as_deref());
        review::rename(state, context, &id, given, family).map(|()| done())
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfIntegration {
    client_id: Option<String>,
}

/// The client id in the body, or the one of the first integration.
fn client_id(runtime: &Runtime, sent: OfIntegration) -> String {
    sent.client_id
        .or_else(|| {
            runtime
                .config
                .integrations
                .first()
                .map(|integration| integration.client_id.clone())
        })
        .unwrap_or_default()
}

pub(super) async fn revoke_user(
    State(runtime): SharedRuntime,
    Path(id): Path<String>,
    JsonBody(sent): JsonBody<OfIntegration>,
) -> Answer {
    let client_id = client_id(&runtime, sent);
    act(&runtime, |state, context| {
        lifecycle::revoke_user(state, context, &client_id, &id).map(|()| done())
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Connecting {
    event_id: String,
    client_id: Option<String>,
    /// Signs this participant in, instead of connecting the event.
    user_id: Option<String>,
}

/// Connects an event, or signs a participant in, without a browser. The answer is that of the token endpoint.
pub(super) async fn connect(State(runtime): SharedRuntime, JsonBody(sent): JsonBody<Connecting>) -> Answer {
    let client_id = client_id(
        &runtime,
        OfIntegration {
            client_id: sent.client_id,
        },
    );
    let fresh = FreshPair::draw(&runtime.config.entropy)?;
    let issued = runtime
        .write(|state, context| {
            let integration = context
                .config
                .integration(&client_id)
                .ok_or_else(|| CommandError::missing("integration", &client_id))?;
            if !state.events.contains(&sent.event_id) {
                return Err(ErrorResponse::from(CommandError::missing(
                    "event",
                    &sent.event_id,
                )));
            }
            Ok(connect_at_once(
                state,
                context.now,
                integration,
                &sent.event_id,
                sent.user_id.as_deref(),
                fresh,
            )?)
        })
        .await??;
    Ok(Json(oauth::token_document(&issued)))
}

pub(super) async fn revoke_connection(
    State(runtime): SharedRuntime,
    Path(event_id): Path<String>,
    JsonBody(sent): JsonBody<OfIntegration>,
) -> Answer {
    let client_id = client_id(&runtime, sent);
    act(&runtime, |state, context| {
        lifecycle::revoke_connection(state, context, &client_id, &event_id).map(|()| done())
    })
    .await
}

pub(super) async fn change_activity(
    State(runtime): SharedRuntime,
    Path(id): Path<String>,
    JsonBody(change): JsonBody<ActivityChange>,
) -> Answer {
    act(&runtime, |state, context| {
        program::change_activity(state, context, &id, change).map(|row| snapshot::activity(&row))
    })
    .await
}

pub(super) async fn event(
    State(runtime): SharedRuntime,
    Path((id, action)): Path<(String, String)>,
) -> Answer {
    act(&runtime, |state, context| {
        match action.as_str() {
            "publish" => program::publish(state, context, &id, true)?,
            "unpublish" => program::publish(state, context, &id, false)?,
            "archive" => lifecycle::archive_event(state, context, &id)?,
            other => return Err(unknown_action(other, "publish, unpublish and archive")),
        }
        Ok(done())
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TaxId {
    #[serde(default = "default_tax_id")]
    tax_id: String,
}

/// The tax identifier of an organization that becomes formal, if the call names none.
fn default_tax_id() -> String {
    "DE 00/000/00000".to_owned()
}

pub(super) async fn organization(
    State(runtime): SharedRuntime,
    Path((id, action)): Path<(String, String)>,
    JsonBody(sent): JsonBody<TaxId>,
) -> Answer {
    act(&runtime, |state, context| {
        match action.as_str() {
            "lose-formal-status" => lifecycle::lose_formal_status(state, context, &id)?,
            "gain-formal-status" => lifecycle::gain_formal_status(state, &id, &sent.tax_id)?,
            other => return Err(unknown_action(other, "lose-formal-status and gain-formal-status")),
        }
        Ok(done())
    })
    .await
}

pub(super) async fn add_page(
    State(runtime): SharedRuntime,
    Path(event_id): Path<String>,
    JsonBody(page): JsonBody<NewPage>,
) -> Answer {
    let row = runtime
        .write(|state, _| webview_pages::add(state, &event_id, page))
        .await??;
    let url = format!("{}/events/{event_id}/pages/{}", runtime.config.auth_base, row.id);
    Ok(Json(json!({ "page": row, "page_url": url })))
}

pub(super) async fn remove_page(State(runtime): SharedRuntime, Path(id): Path<String>) -> Answer {
    runtime
        .write(|state, _| webview_pages::remove(state, &id))
        .await??;
    Ok(ok())
}

pub(super) async fn reset(State(runtime): SharedRuntime) -> Answer {
    runtime.reset().await?;
    Ok(ok())
}
