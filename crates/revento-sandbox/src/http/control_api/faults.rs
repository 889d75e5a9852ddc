//! Arming and disarming faults.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::answer::{Answer, ok};
use crate::faults::{FaultKind, FaultSpec};
use crate::http::body::JsonBody;
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::platform::commands::CommandError;

/// The armed faults, and all kinds of faults.
pub(super) async fn list(State(runtime): SharedRuntime) -> Answer {
    let kinds: Vec<Value> = FaultKind::ALL
        .iter()
        .map(|kind| json!({ "fault": kind.name(), "area": kind.area(), "description": kind.description() }))
        .collect();
    let armed = json!(runtime.faults().list());
    Ok(Json(json!({ "armed": armed, "kinds": kinds })))
}

pub(super) async fn arm(State(runtime): SharedRuntime, JsonBody(spec): JsonBody<FaultSpec>) -> Answer {
    if !(0.0..=1.0).contains(&spec.probability) {
        return Err(
            ErrorResponse::invalid("probability must be a number from 0 to 1.")
                .with("parameter", "probability"),
        );
    }
    let too_many = || ErrorResponse::new(409, "conflict", "Too many faults are armed; disarm some first.");
    let id = runtime.faults().arm(spec).ok_or_else(too_many)?;
    runtime.notify_change();
    Ok(Json(json!({ "id": id })))
}

pub(super) async fn disarm(State(runtime): SharedRuntime, Path(id): Path<u64>) -> Answer {
    if !runtime.faults().disarm(id) {
        return Err(CommandError::missing("armed fault", &id.to_string()).into());
    }
    runtime.notify_change();
    Ok(ok())
}

pub(super) async fn disarm_all(State(runtime): SharedRuntime) -> Answer {
    runtime.faults().clear();
    runtime.notify_change();
    Ok(ok())
}
