//! Lists and documents of the control API.

use axum::Json;
use axum::extract::{RawQuery, State};
use serde_json::{Value, json};

use super::answer::Answer;
use super::render;
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::platform::commands::CommandError;
use crate::platform::oauth::params::Params;
use crate::platform::queries::integrations;
use crate::platform::queries::snapshot;
use crate::platform::queries::stats::Stats;
use crate::platform::records::ApplicationStatus;

/// How many rows a list shows at most: the newest. More could be hundreds of megabytes.
const MAX_ROWS: usize = 10_000;

/// The last [`MAX_ROWS`] of rows in the order of their creation.
pub(super) fn newest<T>(mut rows: Vec<T>) -> Vec<T> {
    rows.drain(..rows.len().saturating_sub(MAX_ROWS));
    rows
}

pub(super) fn query(raw: Option<String>) -> Params {
    Params::parse(raw.unwrap_or_default().as_bytes())
}

pub(super) async fn applications(State(runtime): SharedRuntime, RawQuery(raw): RawQuery) -> Answer {
    let params = query(raw);
    let status = params
        .get("status")
        .map(|text| {
            ApplicationStatus::parse(text)
                .ok_or_else(|| bad_status(&ApplicationStatus::ALL.map(ApplicationStatus::as_str)))
        })
        .transpose()?;
    let event_id = params.get("event_id");
    runtime
        .read(|state, _| {
            if let Some(id) = event_id.filter(|id| !state.events.contains(id)) {
                return Err(CommandError::missing("event", id).into());
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

pub(super) async fn connections(State(runtime): SharedRuntime) -> Answer {
    let data: Vec<Value> = runtime
        .read(|state, context| {
            let rows = state.connections.iter();
            rows.map(|row| render::connection(state, context, row)).collect()
        })
        .await?;
    Ok(Json(json!({ "data": data })))
}

pub(super) fn bad_status(known: &[&str]) -> ErrorResponse {
    let text = format!("status must be one of {}.", known.join(", "));
    ErrorResponse::invalid(text).with("parameter", "status")
}

pub(super) async fn audit(State(runtime): SharedRuntime) -> Answer {
    let data: Vec<Value> = runtime
        .read(|state, _| {
            newest(state.audit.iter().collect())
                .into_iter()
                .map(|row| json!(row))
                .collect()
        })
        .await?;
    Ok(Json(json!({ "data": data })))
}

pub(super) async fn stats(State(runtime): SharedRuntime) -> Result<Json<Stats>, ErrorResponse> {
    let counts = runtime.request_counts();
    Ok(Json(
        runtime.read(|state, _| Stats::collect(state, counts)).await?,
    ))
}

/// Everything that actions can refer to: organizations, events, users, integrations, webview pages.
pub(super) async fn directory(State(runtime): SharedRuntime) -> Answer {
    let shown = runtime
        .read(|state, context| {
            let integrations: Vec<Value> = context
                .config
                .integrations
                .iter()
                .map(|row| {
                    let listing = integrations::listing(state, &row.client_id).as_str();
                    json!({ "client_id": row.client_id, "name": row.name, "listing": listing })
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
                "webview_pages": state.webview_pages.iter().map(|row| json!(row)).collect::<Vec<_>>(),
            })
        })
        .await?;
    Ok(Json(shown))
}

/// The test data as a seed file.
pub(super) async fn seed(State(runtime): SharedRuntime) -> Answer {
    Ok(Json(runtime.read(|state, _| state.export_seed()).await?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_shows_the_newest_rows() {
        assert_eq!(newest(vec![1, 2, 3]), [1, 2, 3]);
        let shown = newest((0..MAX_ROWS + 5).collect());
        assert_eq!((shown.len(), shown.first()), (MAX_ROWS, Some(&5)));
    }
}
