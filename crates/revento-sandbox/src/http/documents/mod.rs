//! Machine-readable descriptions: OpenAPI of platform and control API, JSON Schema of the webhooks.

mod control;
mod openapi;
mod platform;
mod schemas;
mod webhooks;

use std::sync::Arc;

use axum::routing::get;
use axum::{Json, Router};

use crate::http::Shared;
use crate::platform::hub::Hub;

pub(crate) fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route(
            "/openapi.json",
            get(|axum::extract::State(hub): Shared| async move { Json(openapi::document(&hub.config.auth_base)) }),
        )
        .route("/webhooks.schema.json", get(|| async { Json(webhooks::schema()) }))
}
