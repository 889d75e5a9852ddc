//! The forms of the organizer: reviews, connections, events, activities, webview pages.

use axum::extract::State;
use axum::response::Response;

use super::form::{ConsoleForm, unknown_action};
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::platform::commands::program::{self, ActivityChange};
use crate::platform::commands::review::{self, ReviewDecision};
use crate::platform::commands::webview_pages::{self, NewPage};
use crate::platform::commands::{CommandError, lifecycle};

type Answer = Result<Response, ErrorResponse>;

pub(super) async fn review(State(runtime): SharedRuntime, form: ConsoleForm) -> Answer {
    let result = match form.get("decision").and_then(ReviewDecision::parse) {
        Some(decision) => runtime
            .write(|state, context| review::review(state, context, form.id(), decision))
            .await?
            .map(drop),
        None => Err(CommandError::NotFound("There is no such decision.".to_owned())),
    };
    Ok(form.respond("/console/applications", result))
}

pub(super) async fn revoke_connection(State(runtime): SharedRuntime, form: ConsoleForm) -> Answer {
    let (client_id, event_id) = (form.text("client_id"), form.text("event_id"));
    let result = runtime
        .write(|state, context| lifecycle::revoke_connection(state, context, client_id, event_id))
        .await?;
    Ok(form.respond("/console/connections", result))
}

pub(super) async fn event(State(runtime): SharedRuntime, form: ConsoleForm) -> Answer {
    let event_id = form.text("event_id");
    let result = runtime
        .write(|state, context| {
            let event = state
                .events
                .get(event_id)
                .ok_or_else(|| CommandError::missing("event", event_id))?;
            let organization = event.organization_id.clone();
            match form.text("act") {
                "publish" => program::publish(state, context, event_id, true),
                "unpublish" => program::publish(state, context, event_id, false),
                "archive" => lifecycle::archive_event(state, context, event_id),
                "submit" => review::submit(state, context, event_id, None, serde_json::Map::new()).map(drop),
                "lose-formal-status" => lifecycle::lose_formal_status(state, context, &organization),
                "gain-formal-status" => {
                    lifecycle::gain_formal_status(state, &organization, "DE 00/000/00000")
                }
                _ => Err(unknown_action()),
            }
        })
        .await?;
    Ok(form.respond("/console/organizer", result))
}

pub(super) async fn activity(State(runtime): SharedRuntime, form: ConsoleForm) -> Answer {
    let change = match form.get("status") {
        Some(status) => ActivityChange {
            status: Some(status.to_owned()),
            ..ActivityChange::default()
        },
        None => ActivityChange {
            signups: form.get("signups").and_then(|text| text.parse().ok()),
            ..ActivityChange::default()
        },
    };
    let result = runtime
        .write(|state, context| program::change_activity(state, context, form.id(), change))
        .await?;
    Ok(form.respond("/console/organizer", result.map(drop)))
}

pub(super) async fn add_page(State(runtime): SharedRuntime, form: ConsoleForm) -> Answer {
    let page = NewPage {
        title: form.text("title").to_owned(),
        url: form.text("url").to_owned(),
        visibility: form.text("visibility").to_owned(),
        requires_auth: form.get("requires_auth").is_some(),
    };
    let result = runtime
        .write(|state, _| webview_pages::add(state, form.text("event_id"), page))
        .await?;
    Ok(form.respond("/console/organizer", result.map(drop)))
}

pub(super) async fn remove_page(State(runtime): SharedRuntime, form: ConsoleForm) -> Answer {
    let result = runtime
        .write(|state, _| webview_pages::remove(state, form.id()))
        .await?;
    Ok(form.respond("/console/organizer", result))
}
