//! Acting on the sandbox: as organizer, participant, developer or Revento itself.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::http::refusal::Refusal;
use crate::http::{Shared, body};
use crate::platform::acts::program::{self, ActivityChange};
use crate::platform::acts::review::{self, Decision};
use crate::platform::acts::webviews::{self, NewPage};
use crate::platform::acts::{emit, lifecycle};
use crate::platform::hub::Hub;
use crate::platform::read::snapshot;

type Answer = Result<Json<Value>, Refusal>;

pub(super) fn done() -> Json<Value> {
    Json(json!({ "ok": true }))
}

pub(super) fn no_act(act: &str, known: &str) -> Refusal {
    Refusal::not_found(format!("'{act}' is none of the actions here; they are {known}."))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Submission {
    event_id: String,
    user_id: Option<String>,
    #[serde(default)]
    custom_form_fields: Map<String, Value>,
}

pub(super) async fn submit(State(hub): Shared, headers: HeaderMap, body: Body) -> Answer {
    let sent: Submission = body::json(&headers, body).await?;
    let row = hub
        .write(|state, scene| {
            review::submit(
                state,
                scene,
                &sent.event_id,
                sent.user_id.as_deref(),
                sent.custom_form_fields,
            )
        })
        .await??;
    Ok(Json(snapshot::application(&row)))
}

pub(super) async fn review(State(hub): Shared, Path((id, act)): Path<(String, String)>) -> Answer {
    let row = if act == "cancel" {
        hub.write(|state, scene| review::cancel(state, scene, &id))
            .await??
    } else {
        let decision = Decision::parse(&act)
            .ok_or_else(|| no_act(&act, "approve, reject, request-revision and cancel"))?;
        hub.write(|state, scene| review::review(state, scene, &id, decision))
            .await??
    };
    Ok(Json(snapshot::application(&row)))
}

pub(super) async fn register(State(hub): Shared, Path(id): Path<String>) -> Answer {
    let shown = hub
        .write(|state, scene| {
            review::register(state, scene, &id).map(|row| snapshot::participant(state, &row))
        })
        .await??;
    Ok(Json(shown))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rename {
    given_name: Option<String>,
    family_name: Option<String>,
}

pub(super) async fn rename(
    State(hub): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let sent: Rename = body::json(&headers, body).await?;
    hub.write(|state, scene| {
        review::rename(
            state,
            scene,
            &id,
            sent.given_name.as_deref(),
            sent.family_name.as_deref(),
        )
    })
    .await??;
    Ok(done())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whose {
    client_id: Option<String>,
}

/// The integration that is meant: the one that is named, or the first.
fn whose(hub: &Hub, sent: Whose) -> String {
    sent.client_id
        .or_else(|| {
            hub.config
                .integrations
                .first()
                .map(|integration| integration.client_id.clone())
        })
        .unwrap_or_default()
}

pub(super) async fn revoke_user(
    State(hub): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let client_id = whose(&hub, body::json(&headers, body).await?);
    hub.write(|state, scene| lifecycle::revoke_user(state, scene, &client_id, &id))
        .await??;
    Ok(done())
}

pub(super) async fn revoke_connection(
    State(hub): Shared,
    Path(event_id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let client_id = whose(&hub, body::json(&headers, body).await?);
    hub.write(|state, scene| lifecycle::revoke_connection(state, scene, &client_id, &event_id))
        .await??;
    Ok(done())
}

pub(super) async fn change_activity(
    State(hub): Shared,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let change: ActivityChange = body::json(&headers, body).await?;
    let row = hub
        .write(|state, scene| program::change_activity(state, scene, &id, change))
        .await??;
    Ok(Json(snapshot::activity(&row)))
}

pub(super) async fn event(State(hub): Shared, Path((id, act)): Path<(String, String)>) -> Answer {
    hub.write(|state, scene| match act.as_str() {
        "publish" => Ok(program::publish(state, scene, &id, true)?),
        "unpublish" => Ok(program::publish(state, scene, &id, false)?),
        "archive" => Ok(lifecycle::archive_event(state, scene, &id)?),
        other => Err(no_act(other, "publish, unpublish and archive")),
    })
    .await??;
    Ok(done())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TaxId {
    #[serde(default = "some_tax_id")]
    tax_id: String,
}

fn some_tax_id() -> String {
    "DE 00/000/00000".to_owned()
}

pub(super) async fn organization(
    State(hub): Shared,
    Path((id, act)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let sent: TaxId = body::json(&headers, body).await?;
    hub.write(|state, scene| match act.as_str() {
        "lose-formal-status" => Ok(lifecycle::lose_formal_status(state, scene, &id)?),
        "gain-formal-status" => Ok(lifecycle::gain_formal_status(state, &id, &sent.tax_id)?),
        other => Err(no_act(other, "lose-formal-status and gain-formal-status")),
    })
    .await??;
    Ok(done())
}

pub(super) async fn add_page(
    State(hub): Shared,
    Path(event_id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let page: NewPage = body::json(&headers, body).await?;
    let row = hub
        .write(|state, _| webviews::add(state, &event_id, page))
        .await??;
    let url = format!("{}/events/{event_id}/pages/{}", hub.config.auth_base, row.id);
    Ok(Json(json!({ "page": row, "page_url": url })))
}

pub(super) async fn remove_page(State(hub): Shared, Path(id): Path<String>) -> Answer {
    hub.write(|state, _| webviews::remove(state, &id)).await??;
    Ok(done())
}

pub(super) async fn replay(State(hub): Shared, Path(id): Path<String>) -> Answer {
    hub.write(|state, scene| emit::replay(state, scene, &id))
        .await??;
    Ok(done())
}

pub(super) async fn reset(State(hub): Shared) -> Answer {
    hub.reset().await?;
    Ok(done())
}
