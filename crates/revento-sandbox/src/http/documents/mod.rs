//! Machine-readable documents: OpenAPI of the platform and the control API, JSON Schema of the webhooks.

mod control_api;
mod openapi;
mod operation;
mod platform;
mod schemas;
mod webhooks;

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};

use crate::http::extract::SharedRuntime;
use crate::runtime::Runtime;

pub(crate) fn routes() -> Router<Arc<Runtime>> {
    Router::new()
        .route(
            "/openapi.json",
            get(|State(runtime): SharedRuntime| async move { Json(openapi::document(&runtime.config.auth_base)) }),
        )
        .route("/webhooks.schema.json", get(|| async { Json(webhooks::schema()) }))
}
