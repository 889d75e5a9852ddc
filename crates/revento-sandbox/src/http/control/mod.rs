//! The control API: JSON to steer the sandbox by.

mod acts;
mod developer;
mod laboratory;
mod show;
mod views;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::Method;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{delete, get, post};

use super::page;
use super::refusal::Refusal;
use crate::platform::hub::Hub;

pub(crate) fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route("/applications", get(views::applications).post(acts::submit))
        .route("/applications/{id}/{act}", post(acts::review))
        .route("/participants/{id}/register", post(acts::register))
        .route("/users/{id}", post(acts::rename))
        .route("/users/{id}/revoke", post(acts::revoke_user))
        .route("/activities/{id}", post(acts::change_activity))
        .route("/events/{id}/{act}", post(acts::event))
        .route("/organizations/{id}/{act}", post(acts::organization))
        .route("/events/{id}/pages", post(acts::add_page))
        .route("/webviews/{id}", delete(acts::remove_page))
        .route("/directory", get(views::directory))
        .route("/integrations/{id}/{act}", post(developer::integration))
        .route("/connections", get(views::connections))
        .route("/connections/{event_id}/revoke", post(acts::revoke_connection))
        .route("/clock", get(laboratory::clock).post(laboratory::advance))
        .route("/deliveries", get(views::deliveries))
        .route("/deliveries/replay", post(developer::replay_many))
        .route(
            "/faults",
            get(laboratory::faults)
                .post(laboratory::arm)
                .delete(laboratory::disarm_all),
        )
        .route("/faults/{id}", delete(laboratory::disarm))
        .route(
            "/transcript",
            get(laboratory::transcript).post(laboratory::record),
        )
        .route("/deliveries/{id}", get(views::delivery))
        .route("/deliveries/{id}/replay", post(acts::replay))
        .route("/audit", get(views::audit))
        .route("/seed", get(views::seed))
        .route("/stats", get(views::stats))
        .route("/reset", post(acts::reset))
        .layer(middleware::from_fn(own_site))
}

/// Scripts steer the sandbox; pages of other sites do not.
async fn own_site(request: Request, next: Next) -> Result<Response, Refusal> {
    if request.method() != Method::GET {
        page::same_site(request.headers())?;
    }
    Ok(next.run(request).await)
}
