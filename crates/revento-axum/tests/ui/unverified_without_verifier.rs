use axum::{Router, http::StatusCode, routing::any};
use revento_axum::VerifiedWebhook;
use revento_core::kind::AnyEvent;

async fn every(_: VerifiedWebhook<AnyEvent>) -> StatusCode {
    StatusCode::OK
}

fn main() {
    let _: Router = Router::new().route("/every", any(every));
}
