//! The OAuth endpoints.

mod authorize;
mod consent_page;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::platform::hub::Hub;

pub(crate) use authorize::return_address;

pub(crate) fn routes() -> Router<Arc<Hub>> {
    Router::new()
        .route("/oauth/authorize", get(authorize::ask).post(authorize::answer))
        .route("/oauth/token", post(token::token))
}
