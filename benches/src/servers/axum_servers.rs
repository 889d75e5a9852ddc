//! A bare axum handler that reads the body, and our handlers with verification.

use axum::{Router, body::Bytes, http::StatusCode, routing::post};
use revento_axum::{RawWebhook, RequestVerifier, VerifiedWebhook, VerifyLayer};
use revento_core::kind::AnyEvent;
use tokio::net::TcpListener;

async fn serve(port: u16, app: Router) {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("a free port");
    axum::serve(listener, app).await.expect("a server");
}

async fn read(body: Bytes) -> StatusCode {
    if body.is_empty() {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::OK
    }
}

pub async fn bare(port: u16) {
    serve(port, Router::new().route("/", post(read))).await;
}

/// The extractor reads and verifies the body.
pub async fn verified(port: u16) {
    async fn read(RawWebhook(delivery): RawWebhook) -> StatusCode {
        if delivery.body().is_empty() {
            StatusCode::BAD_REQUEST
        } else {
            StatusCode::OK
        }
    }
    let app = Router::<RequestVerifier>::new().route("/", post(read));
    serve(port, app.with_state(crate::verifier())).await;
}

/// The layer in front of the same handler.
pub async fn layered(port: u16) {
    let app = Router::new()
        .route("/", post(read))
        .layer(VerifyLayer::new(crate::verifier()));
    serve(port, app).await;
}

/// The extractor verifies the body and parses it into the typed event.
pub async fn typed(port: u16) {
    async fn handle(webhook: VerifiedWebhook<AnyEvent>) -> StatusCode {
        std::hint::black_box(webhook.data());
        StatusCode::OK
    }
    let app = Router::<RequestVerifier>::new().route("/", post(handle));
    serve(port, app.with_state(crate::verifier())).await;
}
