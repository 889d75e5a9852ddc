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

pub(crate) use self::token::document as token_document;
use crate::http::extract::SharedRuntime;
use crate::runtime::Runtime;

pub(crate) fn routes(runtime: &Arc<Runtime>) -> Router<Arc<Runtime>> {
    Router::new()
        .route("/oauth/authorize", get(authorize::ask).post(authorize::answer))
        .route("/oauth/token", post(token::token))
        .layer(middleware::from_fn_with_state(Arc::clone(runtime), set_date))
}

/// Sets `Date` to the sandbox clock. Clients compare it with the `occurred_at` of webhooks, to tell a late lifecycle
/// webhook from a new one.
async fn set_date(State(runtime): SharedRuntime, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let date = runtime
        .now()
        .http_date()
        .and_then(|date| HeaderValue::from_str(&date).ok());
    if let Some(date) = date {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}
