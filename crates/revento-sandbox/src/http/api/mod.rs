//! The read API (contract §3).

mod admission;
mod developer;
mod events;
mod me;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::Method;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;

use crate::decisions;
use crate::http::error_response::ErrorResponse;
use crate::runtime::Runtime;

pub(crate) fn routes() -> Router<Arc<Runtime>> {
    Router::new()
        .route("/events/{event_id}", get(events::event))
        .route("/events/{event_id}/participants", get(events::participants))
        .route("/events/{event_id}/program", get(events::program))
        .route("/events/{event_id}/activities", get(events::activities))
        .route("/events/{event_id}/threads", get(events::threads))
        .route("/events/{event_id}/locations", get(events::locations))
        .route("/events/{event_id}/registration-waves", get(events::waves))
        .route("/me/profile", get(me::profile))
        .route("/me/application", get(me::application))
        .route(
            "/developer/integrations/{client_id}/installations",
            get(developer::installations),
        )
        .layer(middleware::from_fn(only_get))
}

/// Refuses HEAD, which the router would treat as GET: the contract has only GET.
async fn only_get(request: Request, next: Next) -> Result<Response, ErrorResponse> {
    if request.method() == Method::HEAD {
        let refusal = ErrorResponse::new(
            decisions::WRITE_STATUS,
            "method_not_allowed",
            "HEAD is not allowed here.",
        );
        return Err(refusal.header("allow", "GET"));
    }
    Ok(next.run(request).await)
}
