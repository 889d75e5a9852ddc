//! The HTTP interface: OAuth, read API, control API, console and documents.

mod api;
mod assets;
mod body;
mod body_recording;
mod console;
mod control_api;
mod cors;
mod documents;
mod error_response;
mod extract;
mod hang_up;
mod middleware;
mod oauth;
mod page;
mod path_prefix;
mod response_faults;
mod serve;
mod webview;

use std::sync::Arc;

use axum::Router;
use axum::extract::OriginalUri;
use axum::http::Method;
use axum::response::Redirect;
use axum::routing::get;

use crate::decisions;
use crate::runtime::Runtime;
use error_response::ErrorResponse;

pub(crate) use hang_up::HangUp;
pub(crate) use serve::serve;

/// All routes of the sandbox.
pub(crate) fn router(runtime: &Arc<Runtime>) -> Router {
    let routes = Router::new()
        .route("/", get(|| async { Redirect::to("/console") }))
        .route("/assets/{file}", get(assets::file))
        .route("/events/{event_id}/pages/{page_id}", get(webview::show))
        .merge(documents::routes())
        .merge(oauth::routes(runtime))
        .nest("/api/v1", api::routes())
        .nest("/_sandbox", control_api::routes(runtime))
        .nest("/console", console::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(runtime),
            middleware::wrap,
        ))
        .with_state(Arc::clone(runtime));
    path_prefix::serve_below(&runtime.config.path_prefix, routes)
}

async fn not_found(OriginalUri(uri): OriginalUri) -> ErrorResponse {
    let text = format!(
        "There is nothing at {}. GET /openapi.json lists all endpoints.",
        uri.path()
    );
    ErrorResponse::not_found(text)
}

/// The error for another method. The router adds `Allow`, except for the read API: there it would name HEAD, too.
async fn method_not_allowed(OriginalUri(uri): OriginalUri, method: Method) -> ErrorResponse {
    let text = format!("{method} is not allowed here.");
    let refusal = ErrorResponse::new(decisions::WRITE_STATUS, "method_not_allowed", text);
    if uri.path().starts_with("/api/") {
        refusal.header("allow", "GET")
    } else {
        refusal
    }
}
