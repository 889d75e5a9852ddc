//! The transcript: recorded requests, and deliveries with their attempts.

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::json;

use super::answer::Answer;
use super::deliveries;
use crate::http::body::JsonBody;
use crate::http::extract::SharedRuntime;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recording {
    record_bodies: Option<bool>,
    #[serde(default)]
    clear: bool,
}

pub(super) async fn show(State(runtime): SharedRuntime) -> Answer {
    let (records, recording) = {
        let log = runtime.call_log();
        (log.iter().cloned().collect::<Vec<_>>(), log.recording)
    };
    let deliveries = runtime.read(|state, _| deliveries::all(state)).await?;
    Ok(Json(
        json!({ "record_bodies": recording, "exchanges": records, "deliveries": deliveries }),
    ))
}

/// Switches the recording of bodies, or clears the call log.
pub(super) async fn record(State(runtime): SharedRuntime, JsonBody(sent): JsonBody<Recording>) -> Answer {
    let mut log = runtime.call_log();
    if sent.clear {
        log.clear();
    }
    if let Some(recording) = sent.record_bodies {
        log.recording = recording;
    }
    Ok(Json(json!({ "record_bodies": log.recording })))
}
