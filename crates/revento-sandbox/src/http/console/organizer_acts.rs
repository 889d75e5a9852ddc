//! What the forms of organizers and participants do.

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::acts::{back, form, id};
use crate::http::Shared;
use crate::http::refusal::Refusal;
use crate::platform::acts::program::{self, ActivityChange};
use crate::platform::acts::webviews::{self, NewPage};
use crate::platform::acts::{Refused, lifecycle, review};

fn unknown() -> Refused {
    Refused::NotFound("There is no such action.".to_owned())
}

pub(super) async fn event(State(hub): Shared, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let form = form(&hub, &headers, body).await?;
    let event_id = form.get("event_id").unwrap_or_default();
    let done = hub
        .write(|state, scene| {
            let event = state
                .events
                .get(event_id)
                .ok_or_else(|| Refused::missing("event", event_id))?;
            let organization = event.organization_id.clone();
            match form.get("act").unwrap_or_default() {
                "publish" => program::publish(state, scene, event_id, true),
                "unpublish" => program::publish(state, scene, event_id, false),
                "archive" => lifecycle::archive_event(state, scene, event_id),
                "submit" => review::submit(state, scene, event_id, None, serde_json::Map::new()).map(drop),
                "lose-formal-status" => lifecycle::lose_formal_status(state, scene, &organization),
                "gain-formal-status" => {
                    lifecycle::gain_formal_status(state, &organization, "DE 00/000/00000")
                }
                _ => Err(unknown()),
            }
        })
        .await?;
    Ok(back(&form, "/console/organizer", done))
}

pub(super) async fn activity(
    State(hub): Shared,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let form = form(&hub, &headers, body).await?;
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
    let done = hub
        .write(|state, scene| program::change_activity(state, scene, id(&form), change))
        .await?;
    Ok(back(&form, "/console/organizer", done.map(drop)))
}

pub(super) async fn add_page(
    State(hub): Shared,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let form = form(&hub, &headers, body).await?;
    let text = |name: &str| form.get(name).unwrap_or_default().to_owned();
    let page = NewPage {
        title: text("title"),
        url: text("url"),
        visibility: text("visibility"),
        requires_auth: form.get("requires_auth").is_some(),
    };
    let event_id = text("event_id");
    let done = hub
        .write(|state, _| webviews::add(state, &event_id, page))
        .await?;
    Ok(back(&form, "/console/organizer", done.map(drop)))
}

pub(super) async fn remove_page(
    State(hub): Shared,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let form = form(&hub, &headers, body).await?;
    let done = hub.write(|state, _| webviews::remove(state, id(&form))).await?;
    Ok(back(&form, "/console/organizer", done))
}

pub(super) async fn rename(State(hub): Shared, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let form = form(&hub, &headers, body).await?;
    let done = hub
        .write(|state, scene| {
            review::rename(
                state,
                scene,
                id(&form),
                form.get("given_name"),
                form.get("family_name"),
            )
        })
        .await?;
    Ok(back(&form, "/console/participants", done))
}

pub(super) async fn revoke_user(
    State(hub): Shared,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let form = form(&hub, &headers, body).await?;
    let client_id = form.get("client_id").unwrap_or_default();
    let done = hub
        .write(|state, scene| lifecycle::revoke_user(state, scene, client_id, id(&form)))
        .await?;
    Ok(back(&form, "/console/participants", done))
}

pub(super) async fn participant(
    State(hub): Shared,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let form = form(&hub, &headers, body).await?;
    let (event_id, user_id) = (form.get("event_id").unwrap_or_default(), form.get("user_id"));
    let done = hub
        .write(|state, scene| match form.get("act").unwrap_or_default() {
            "submit" => review::submit(state, scene, event_id, user_id, serde_json::Map::new()).map(drop),
            "register" => review::register(state, scene, id(&form)).map(drop),
            "cancel" => review::cancel(state, scene, id(&form)).map(drop),
            _ => Err(unknown()),
        })
        .await?;
    Ok(back(&form, "/console/participants", done))
}
