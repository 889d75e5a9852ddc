//! The delivery log: lists, replays and test deliveries.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Answer, act, ok};
use super::render;
use super::views::{bad_status, newest, query};
use crate::decisions;
use crate::http::body::JsonBody;
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::platform::commands::test_delivery::{self, TestDelivery};
use crate::platform::commands::{CommandError, webhooks};
use crate::platform::oauth::params::Params;
use crate::platform::records::{Delivery, DeliveryStatus};
use crate::platform::state;
use crate::primitives::time::Time;

/// Deliveries with their attempts, the oldest first.
fn list_deliveries(state: &state::State, matches: impl Fn(&Delivery) -> bool) -> Vec<Value> {
    let mut rows: Vec<_> = state.deliveries.iter().filter(|row| matches(row)).collect();
    rows.sort_by_key(|row| row.number);
    newest(rows).into_iter().map(render::delivery).collect()
}

pub(super) fn all(state: &state::State) -> Vec<Value> {
    list_deliveries(state, |_| true)
}

/// Deliveries, filtered by status, type, event and time.
pub(super) async fn list(State(runtime): SharedRuntime, RawQuery(raw): RawQuery) -> Answer {
    let params = query(raw);
    let selection = Selection::of(&params)?;
    let data = runtime
        .read(|state, _| list_deliveries(state, |row| selection.matches(row)))
        .await?;
    Ok(Json(json!({ "data": data })))
}

pub(super) async fn one(State(runtime): SharedRuntime, Path(id): Path<String>) -> Answer {
    let found = runtime
        .read(|state, _| state.deliveries.get(&id).map(render::delivery))
        .await?;
    found
        .map(Json)
        .ok_or_else(|| CommandError::missing("delivery", &id).into())
}

/// Sends a webhook of any declared type, although nothing has happened.
pub(super) async fn test(State(runtime): SharedRuntime, JsonBody(sent): JsonBody<TestDelivery>) -> Answer {
    act(&runtime, |state, context| {
        test_delivery::send(state, context, sent).map(|id| json!({ "delivery_id": id }))
    })
    .await
}

pub(super) async fn replay(State(runtime): SharedRuntime, Path(id): Path<String>) -> Answer {
    runtime
        .write(|state, context| webhooks::replay(state, context, &id))
        .await??;
    Ok(ok())
}

/// Which deliveries to list or to replay. An absent field matches every delivery.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Selection {
    ids: Option<Vec<String>>,
    status: Option<String>,
    #[serde(rename = "type")]
    event_type: Option<String>,
    event_id: Option<String>,
    since: Option<Time>,
    until: Option<Time>,
}

impl Selection {
    /// The selection of a query.
    fn of(params: &Params) -> Result<Self, ErrorResponse> {
        let text = |name| params.get(name).map(str::to_owned);
        let known = DeliveryStatus::ALL.map(DeliveryStatus::as_str);
        let status = text("status");
        if status
            .as_ref()
            .is_some_and(|status| !known.contains(&status.as_str()))
        {
            return Err(bad_status(&known));
        }
        Ok(Self {
            ids: None,
            status,
            event_type: text("type"),
            event_id: text("event_id"),
            since: time(params, "since")?,
            until: time(params, "until")?,
        })
    }

    /// Whether it selects by anything but the end.
    fn is_narrow(&self) -> bool {
        self.ids.is_some()
            || self.status.is_some()
            || self.event_type.is_some()
            || self.event_id.is_some()
            || self.since.is_some()
    }

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
            && self
                .event_id
                .as_ref()
                .is_none_or(|event_id| row.event_id.as_ref() == Some(event_id))
            && self.since.is_none_or(|since| row.created_at >= since)
            && self.until.is_none_or(|until| row.created_at <= until)
    }
}

fn time(params: &Params, name: &'static str) -> Result<Option<Time>, ErrorResponse> {
    let Some(text) = params.get(name) else {
        return Ok(None);
    };
    let parsed = serde_json::from_value(text.into()).map_err(|_| {
        ErrorResponse::invalid(format!("{name} must be a time such as 2026-05-09T14:22:31Z."))
            .with("parameter", name)
    })?;
    Ok(Some(parsed))
}

/// Replays the selected deliveries, in the order of their creation.
pub(super) async fn replay_many(
    State(runtime): SharedRuntime,
    JsonBody(sent): JsonBody<Selection>,
) -> Answer {
    if !sent.is_narrow() {
        return Err(ErrorResponse::invalid(
            "Select by ids, status, type, event_id or since, so that you do not replay everything by accident.",
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
