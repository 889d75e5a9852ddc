//! The HTTP interface: OAuth, read API, control API, console and documents.

mod api;
mod assets;
mod body;
mod body_recording;
mod console;
mod control_api;
mod documents;
mod error_response;
mod extract;
mod hang_up;
mod middleware;
mod oauth;
mod page;
mod response_faults;
mod serve;
mod webview;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::Redirect;
use axum::routing::get;

use crate::decisions;
use crate::runtime::Runtime;
use error_response::ErrorResponse;

pub(crate) use hang_up::HangUp;
pub(crate) use serve::serve;

/// All routes of the sandbox.
pub(crate) fn router(runtime: &Arc<Runtime>) -> Router {
    Router::new()
        .route("/", get(|| async { Redirect::to("/console") }))
        .route("/assets/{file}", get(assets::file))
        .route("/events/{event_id}/pages/{page_id}", get(webview::show))
        .merge(documents::routes())
        .merge(oauth::routes(runtime))
        .nest("/api/v1", api::routes())
        .nest("/_sandbox", control_api::routes())
        .nest("/console", console::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(|request: Request| async move {
            let text = format!("{} is not allowed here.", request.method());
            ErrorResponse::new(decisions::WRITE_STATUS, "method_not_allowed", text)
        })
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(runtime),
            middleware::wrap,
        ))
        .with_state(Arc::clone(runtime))
}

async fn not_found(request: Request) -> ErrorResponse {
    ErrorResponse::not_found(format!("There is nothing at {}.", request.uri().path()))
}
