//! The peer: a bare axum handler that serves the same bytes.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use tokio::net::TcpListener;

use super::Outcome;

/// Serves a page and a token answer.
pub(crate) async fn serve(page: String, token: String) -> Outcome<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (page, token) = (Bytes::from(page), Bytes::from(token));
    let json = |bytes: Bytes| ([(CONTENT_TYPE, "application/json")], bytes).into_response();
    let app = Router::new()
        .route("/page", get(move || std::future::ready(json(page.clone()))))
        .route(
            "/token",
            post(move |_: Bytes| std::future::ready(json(token.clone()))),
        );
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(address)
}
