//! The OAuth endpoints.

mod authorize;
mod consent_page;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};

use super::Shared;
use crate::platform::hub::Hub;

pub(crate) use authorize::return_address;

pub(crate) fn routes(hub: &Arc<Hub>) -> Router<Arc<Hub>> {
    Router::new()
        .route("/oauth/authorize", get(authorize::ask).post(authorize::answer))
        .route("/oauth/token", post(token::token))
        .layer(middleware::from_fn_with_state(Arc::clone(hub), dated))
}

/// A client dates its consents by the platform's clock, so that it can tell a late lifecycle webhook from a new one.
/// `Date` therefore says what `occurred_at` will say: the sandbox clock.
async fn dated(State(hub): Shared, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let date = hub
        .now()
        .http_date()
        .and_then(|date| HeaderValue::from_str(&date).ok());
    if let Some(date) = date {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}
