//! Actions of the developer: secrets, publishing, replays.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::json;

use super::answer::{Answer, ok, unknown_action};
use crate::decisions;
use crate::http::body::{self, JsonBody};
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::platform::commands::{lifecycle, rotate, webhooks};
use crate::platform::records::{Delivery, SecretKind};
use crate::primitives::time::Time;
use crate::primitives::whole_number;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotation {
    #[serde(default, deserialize_with = "whole_number::optional")]
    overlap_s: Option<i64>,
}

pub(super) async fn integration(
    State(runtime): SharedRuntime,
    Path((id, action)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let kind = match action.as_str() {
        "rotate-client-secret" => SecretKind::Client,
        "rotate-webhook-secret" => SecretKind::Webhook,
        _ => {
            runtime.write(|state, context| match action.as_str() {
                "publish" | "reinstate" => Ok(lifecycle::publish_integration(state, context, &id)?),
                "unpublish" => Ok(lifecycle::unpublish_integration(state, context, &id)?),
                "suspend" => Ok(lifecycle::suspend_integration(state, context, &id)?),
                other => {
                    let known = "publish, unpublish, suspend, reinstate, rotate-client-secret and rotate-webhook-secret";
                    Err(unknown_action(other, known))
                }
            })
            .await??;
            return Ok(ok());
        }
    };
    let sent: Rotation = body::json(&headers, body).await?;
    let (secret, retires_at) = runtime
        .write(|state, context| rotate::secret(state, context, &id, kind, sent.overlap_s))
        .await??;
    // The secret is shown only here, as on the platform.
    Ok(Json(
        json!({ "secret": secret.expose(), "old_secret_retires_at": retires_at }),
    ))
}

pub(super) async fn replay(State(runtime): SharedRuntime, Path(id): Path<String>) -> Answer {
    runtime
        .write(|state, context| webhooks::replay(state, context, &id))
        .await??;
    Ok(ok())
}

/// Which deliveries to replay. An absent field matches every delivery.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Selection {
    ids: Option<Vec<String>>,
    status: Option<String>,
    #[serde(rename = "type")]
    event_type: Option<String>,
    since: Option<Time>,
    until: Option<Time>,
}

impl Selection {
    fn matches(&self, row: &Delivery) -> bool {
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

/// Replays the selected deliveries, in the order of their creation.
pub(super) async fn replay_many(
    State(runtime): SharedRuntime,
    JsonBody(sent): JsonBody<Selection>,
) -> Answer {
    if sent.ids.is_none() && sent.status.is_none() && sent.event_type.is_none() && sent.since.is_none() {
        return Err(ErrorResponse::invalid(
            "Select by ids, status, type or since, so that you do not replay everything by accident.",
        ));
    }
    let replayed = runtime
        .write(|state, context| {
            let oldest = context.now.plus_seconds(-decisions::LOG_KEPT_S);
            if sent.since.is_some_and(|since| since < oldest) {
                let text = format!("since is older than the delivery log, which reaches back to {oldest}.");
                return Err(ErrorResponse::new(422, "invalid_request", text).with("parameter", "since"));
            }
            let mut rows: Vec<&Delivery> = state.deliveries.iter().filter(|row| sent.matches(row)).collect();
            rows.sort_by_key(|row| row.number);
            let ids: Vec<String> = rows.into_iter().map(|row| row.id.clone()).collect();
            for id in &ids {
                webhooks::replay(state, context, id)?;
            }
            Ok(ids)
        })
        .await??;
    Ok(Json(json!({ "replayed": replayed.len(), "ids": replayed })))
}
