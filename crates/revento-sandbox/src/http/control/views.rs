//! Looking at the sandbox.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use serde_json::{Value, json};

use super::show;
use crate::http::Shared;
use crate::http::refusal::Refusal;
use crate::platform::acts::{Scene, lifecycle};
use crate::platform::oauth::params::Params;
use crate::platform::read::snapshot;
use crate::platform::read::stats::Stats;
use crate::platform::records::{ApplicationStatus, DeliveryStatus};
use crate::platform::seed::import;
use crate::platform::state;

/// How many rows a list of the control API shows at most: the newest. More would be an answer of hundreds of megabytes.
const MOST: usize = 10_000;

/// The last [`MOST`] of rows that stand in the order of their creation.
fn newest<T>(mut rows: Vec<T>) -> Vec<T> {
    rows.drain(..rows.len().saturating_sub(MOST));
    rows
}

type Answer = Result<Json<Value>, Refusal>;

fn query(raw: Option<String>) -> Params {
    Params::parse(raw.unwrap_or_default().as_bytes())
}

pub(super) async fn applications(State(hub): Shared, RawQuery(raw): RawQuery) -> Answer {
    let params = query(raw);
    let status = params
        .get("status")
        .map(|text| {
            ApplicationStatus::parse(text).ok_or_else(|| {
                let known = ApplicationStatus::ALL.map(ApplicationStatus::as_str).join(", ");
                Refusal::invalid(format!("status is one of {known}.")).with("parameter", "status")
            })
        })
        .transpose()?;
    let event_id = params.get("event_id");
    hub.read(|state, _| {
        if let Some(id) = event_id.filter(|id| !state.events.contains(id)) {
            return Err(Refusal::not_found(format!("There is no event '{id}'.")));
        }
        let data: Vec<Value> = state
            .participants
            .iter()
            .filter(|row| event_id.is_none_or(|id| row.event_id == id))
            .filter(|row| status.is_none_or(|status| row.status == status))
            .map(snapshot::application)
            .collect();
        Ok(Json(json!({ "data": data })))
    })
    .await?
}

pub(super) async fn connections(State(hub): Shared) -> Answer {
    let data: Vec<Value> = hub
        .read(|state, now| {
            state
                .connections
                .iter()
                .map(|row| {
                    show::connection(
                        state,
                        Scene {
                            config: &hub.config,
                            now,
                        },
                        row,
                    )
                })
                .collect()
        })
        .await?;
    Ok(Json(json!({ "data": data })))
}

/// Every delivery with its attempts, the oldest first.
pub(super) fn all_deliveries(state: &state::State) -> Vec<Value> {
    let mut rows: Vec<_> = state.deliveries.iter().collect();
    rows.sort_by_key(|row| row.number);
    newest(rows).into_iter().map(show::delivery).collect()
}

/// Deliveries, the oldest first, narrowed by status and type.
pub(super) async fn deliveries(State(hub): Shared, RawQuery(raw): RawQuery) -> Answer {
    let params = query(raw);
    let (status, event_type) = (params.get("status"), params.get("type"));
    let known = [
        DeliveryStatus::Pending,
        DeliveryStatus::Delivered,
        DeliveryStatus::Dead,
    ]
    .map(DeliveryStatus::as_str);
    if status.is_some_and(|status| !known.contains(&status)) {
        return Err(
            Refusal::invalid(format!("status is one of {}.", known.join(", "))).with("parameter", "status"),
        );
    }
    let data: Vec<Value> = hub
        .read(|state, _| {
            let mut rows: Vec<_> = state
                .deliveries
                .iter()
                .filter(|row| status.is_none_or(|status| row.status.as_str() == status))
                .filter(|row| event_type.is_none_or(|event_type| row.event_type == event_type))
                .collect();
            rows.sort_by_key(|row| row.number);
            newest(rows).into_iter().map(show::delivery).collect()
        })
        .await?;
    Ok(Json(json!({ "data": data })))
}

pub(super) async fn delivery(State(hub): Shared, Path(id): Path<String>) -> Answer {
    let found = hub
        .read(|state, _| state.deliveries.get(&id).map(show::delivery))
        .await?;
    found
        .map(Json)
        .ok_or_else(|| Refusal::not_found(format!("There is no delivery '{id}'.")))
}

pub(super) async fn audit(State(hub): Shared) -> Answer {
    let data: Vec<Value> = hub
        .read(|state, _| {
            newest(state.audit.iter().collect())
                .into_iter()
                .map(|row| json!(row))
                .collect()
        })
        .await?;
    Ok(Json(json!({ "data": data })))
}

pub(super) async fn stats(State(hub): Shared) -> Result<Json<Stats>, Refusal> {
    Ok(Json(hub.read(|state, _| Stats::collect(&hub, state)).await?))
}

/// What there is to act on: organizations, events, users, integrations, webview pages.
pub(super) async fn directory(State(hub): Shared) -> Answer {
    let integrations: Vec<(&str, &str)> = hub
        .config
        .integrations
        .iter()
        .map(|row| (row.client_id.as_str(), row.name.as_str()))
        .collect();
    let shown = hub
        .read(|state, _| {
            let integrations: Vec<Value> = integrations
                .iter()
                .map(|(id, name)| {
                    let listing = lifecycle::listing(state, id).as_str();
                    json!({ "client_id": id, "name": name, "listing": listing })
                })
                .collect();
            let organizations: Vec<Value> = state
                .organizations
                .iter()
                .map(|row| json!({ "id": row.id, "name": row.name, "formal": row.is_formal() }))
                .collect();
            json!({
                "integrations": integrations,
                "organizations": organizations,
                "events": state.events.iter().map(snapshot::event).collect::<Vec<_>>(),
                "users": state.users.iter().map(snapshot::profile).collect::<Vec<_>>(),
                "webview_pages": state.webviews.iter().map(|row| json!(row)).collect::<Vec<_>>(),
            })
        })
        .await?;
    Ok(Json(shown))
}

/// The catalog as a seed file.
pub(super) async fn seed(State(hub): Shared) -> Answer {
    Ok(Json(hub.read(|state, _| import::export(state)).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_list_the_newest_are_shown() {
        assert_eq!(newest(vec![1, 2, 3]), [1, 2, 3]);
        let shown = newest((0..MOST + 5).collect());
        assert_eq!((shown.len(), shown.first()), (MOST, Some(&5)));
    }
}
