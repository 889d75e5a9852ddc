//! The developer's side: secrets, listing, replays of many.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::decisions;
use crate::http::refusal::Refusal;
use crate::http::{Shared, body};
use crate::machine::time::Time;
use crate::platform::acts::{emit, lifecycle, rotation};
use crate::platform::records::{Delivery, SecretKind};

type Answer = Result<Json<Value>, Refusal>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotation {
    overlap_s: Option<i64>,
}

pub(super) async fn integration(
    State(hub): Shared,
    Path((id, act)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let kind = match act.as_str() {
        "rotate-client-secret" => SecretKind::Client,
        "rotate-webhook-secret" => SecretKind::Webhook,
        _ => {
            hub.write(|state, scene| match act.as_str() {
                "publish" | "reinstate" => Ok(lifecycle::publish_integration(state, scene, &id)?),
                "unpublish" => Ok(lifecycle::unpublish_integration(state, scene, &id)?),
                "suspend" => Ok(lifecycle::suspend_integration(state, scene, &id)?),
                other => {
                    let known = "publish, unpublish, suspend, reinstate, rotate-client-secret and rotate-webhook-secret";
                    Err(super::acts::no_act(other, known))
                }
            })
            .await??;
            return Ok(super::acts::done());
        }
    };
    let sent: Rotation = body::json(&headers, body).await?;
    let (secret, retires_at) = hub
        .write(|state, scene| rotation::rotate(state, scene, &id, kind, sent.overlap_s))
        .await??;
    // Shown once, as the platform does.
    Ok(Json(
        json!({ "secret": secret.expose(), "old_secret_retires_at": retires_at }),
    ))
}

/// Which deliveries to replay; what is left out does not narrow.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Selection {
    ids: Option<Vec<String>>,
    status: Option<String>,
    #[serde(rename = "type")]
    event_type: Option<String>,
    since: Option<Time>,
    until: Option<Time>,
}

impl Selection {
    fn takes(&self, row: &Delivery) -> bool {
        self.ids.as_ref().is_none_or(|ids| ids.contains(&row.id))
            && self
                .status
                .as_ref()
                .is_none_or(|status| row.status.as_str() == status)
            && self
                .event_type
                .as_ref()
                .is_none_or(|event_type| row.event_type == *event_type)
            && self.since.is_none_or(|since| row.created_at >= since)
            && self.until.is_none_or(|until| row.created_at <= until)
    }
}

/// Replays one, many or a range, in the order in which they were created.
pub(super) async fn replay_many(State(hub): Shared, headers: HeaderMap, body: Body) -> Answer {
    let sent: Selection = body::json(&headers, body).await?;
    if sent.ids.is_none() && sent.status.is_none() && sent.event_type.is_none() && sent.since.is_none() {
        return Err(Refusal::invalid(
            "Select by ids, status, type or since; nothing replays everything by accident.",
        ));
    }
    let replayed = hub
        .write(|state, scene| {
            let oldest = scene.now.plus_seconds(-decisions::LOG_KEPT_S);
            if sent.since.is_some_and(|since| since < oldest) {
                let text = format!("since is older than the log reaches; it reaches back to {oldest}.");
                return Err(Refusal::new(422, "invalid_request", text).with("parameter", "since"));
            }
            let mut rows: Vec<&Delivery> = state.deliveries.iter().filter(|row| sent.takes(row)).collect();
            rows.sort_by_key(|row| row.number);
            let ids: Vec<String> = rows.into_iter().map(|row| row.id.clone()).collect();
            for id in &ids {
                emit::replay(state, scene, id)?;
            }
            Ok(ids)
        })
        .await??;
    Ok(Json(json!({ "replayed": replayed.len(), "ids": replayed })))
}
