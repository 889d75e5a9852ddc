//! The control API: JSON endpoints with which a test controls the sandbox.

mod actions;
mod answer;
mod clock;
mod deliveries;
mod developer;
mod faults;
mod listeners;
mod render;
mod transcript;
mod views;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{delete, get, post};

use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::http::page;
use crate::runtime::Runtime;

pub(super) fn routes(runtime: &Arc<Runtime>) -> Router<Arc<Runtime>> {
    Router::new()
        .route("/applications", get(views::applications).post(actions::submit))
        .route("/applications/{id}/{act}", post(actions::review))
        .route("/participants/{id}/register", post(actions::register))
        .route("/users/{id}", post(actions::rename))
        .route("/users/{id}/revoke", post(actions::revoke_user))
        .route("/activities/{id}", post(actions::change_activity))
        .route("/events/{id}/{act}", post(actions::event))
        .route("/organizations/{id}/{act}", post(actions::organization))
        .route("/events/{id}/pages", post(actions::add_page))
        .route("/webviews/{id}", delete(actions::remove_page))
        .route("/directory", get(views::directory))
        .route("/integrations/{id}/{act}", post(developer::integration))
        .route("/connect", post(actions::connect))
        .route("/connections", get(views::connections))
        .route("/connections/{event_id}/revoke", post(actions::revoke_connection))
        .route("/clock", get(clock::show).post(clock::advance))
        .route("/deliveries", get(deliveries::list))
        .route("/deliveries/replay", post(deliveries::replay_many))
        .route("/deliveries/test", post(deliveries::test))
        .route(
            "/faults",
            get(faults::list).post(faults::arm).delete(faults::disarm_all),
        )
        .route("/faults/{id}", delete(faults::disarm))
        .route("/transcript", get(transcript::show).post(transcript::record))
        .route("/deliveries/{id}", get(deliveries::one))
        .route("/deliveries/{id}/replay", post(deliveries::replay))
        .route("/listeners", get(listeners::list).post(listeners::connect))
        .route("/listeners/{id}", delete(listeners::leave))
        .route("/listeners/{id}/answers/{number}", post(listeners::answer))
        .route("/audit", get(views::audit))
        .route("/seed", get(views::seed))
        .route("/stats", get(views::stats))
        .route("/reset", post(actions::reset))
        .layer(middleware::from_fn_with_state(
            Arc::clone(runtime),
            refuse_other_sites,
        ))
}

/// Refuses changes that a page of another site sends with the help of a browser.
async fn refuse_other_sites(
    State(runtime): SharedRuntime,
    request: Request,
    next: Next,
) -> Result<Response, ErrorResponse> {
    if request.method() != Method::GET {
        page::same_site(runtime.config.origin(), request.headers())?;
    }
    Ok(next.run(request).await)
}
