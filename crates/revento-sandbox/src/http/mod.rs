//! The platform's front: OAuth, read API, control API and console.

mod api;
mod assets;
mod body;
mod console;
mod control;
mod documents;
mod frame;
mod oauth;
mod page;
mod record;
mod refusal;
mod serve;
mod webview;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::Redirect;
use axum::routing::get;

use crate::platform::hub::Hub;
pub(crate) use oauth::return_address;
pub(crate) use refusal::Refusal;
pub(crate) use serve::{HangUp, serve};

pub(crate) type Shared = axum::extract::State<Arc<Hub>>;

/// Every route of the sandbox.
pub(crate) fn router(hub: &Arc<Hub>) -> Router {
    Router::new()
        .route("/", get(|| async { Redirect::to("/console") }))
        .route("/assets/{file}", get(assets::file))
        .route("/events/{event_id}/pages/{page_id}", get(webview::show))
        .merge(documents::routes())
        .merge(oauth::routes(hub))
        .nest("/api/v1", api::routes())
        .nest("/_sandbox", control::routes())
        .nest("/console", console::routes())
        .fallback(nothing_here)
        .method_not_allowed_fallback(|request: Request| async move {
            let text = format!("{} is not allowed here.", request.method());
            Refusal::new(crate::decisions::WRITE_STATUS, "method_not_allowed", text)
        })
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(hub),
            frame::frame,
        ))
        .with_state(Arc::clone(hub))
}

async fn nothing_here(request: Request) -> Refusal {
    Refusal::not_found(format!("There is nothing at {}.", request.uri().path()))
}
