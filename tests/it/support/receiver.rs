//! A webhook receiver that answers as it is told and keeps what it was sent.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Html;
use axum::routing::get;
use serde_json::Value;
use tokio::net::TcpListener;

use super::wait;

const PAGE: &str = "<!doctype html><html lang=en><title>Seating plan</title><body style='font-family: sans-serif; margin: 2rem'>
    <h1>Seating plan</h1><p>This page belongs to the integration; the platform shows it in a frame.</p>";

/// One webhook as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    pub(crate) delivery_id: String,
    pub(crate) envelope: Value,
}

#[derive(Debug)]
struct Shelf {
    status: StatusCode,
    arrived: Vec<Webhook>,
}

/// A receiver on a free port; it ends with the test.
#[derive(Debug, Clone)]
pub(crate) struct Receiver {
    url: String,
    shelf: Arc<Mutex<Shelf>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhooks", listener.local_addr().unwrap());
        let shelf = Arc::new(Mutex::new(Shelf {
            status: StatusCode::NO_CONTENT,
            arrived: Vec::new(),
        }));
        let app = Router::new()
            .route("/page", get(async || Html(PAGE)))
            .fallback(take)
            .with_state(Arc::clone(&shelf));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, shelf }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A page of the integration, to be framed.
    pub(crate) fn page(&self) -> String {
        self.url.replace("/webhooks", "/page")
    }

    /// What to answer from now on.
    pub(crate) fn answer_with(&self, status: u16) {
        self.shelf.lock().unwrap().status = StatusCode::from_u16(status).unwrap();
    }

    /// Everything that has arrived.
    pub(crate) fn arrived(&self) -> Vec<Webhook> {
        self.shelf.lock().unwrap().arrived.clone()
    }

    /// Waits for the first webhook of a type.
    pub(crate) async fn receives(&self, event_type: &str) -> Webhook {
        wait::until(event_type, async || {
            let arrived = self.arrived();
            let found = arrived.iter().find(|row| row.envelope["type"] == event_type);
            found.cloned().ok_or(arrived)
        })
        .await
    }
}

async fn take(State(shelf): State<Arc<Mutex<Shelf>>>, headers: HeaderMap, body: String) -> StatusCode {
    let mut shelf = shelf.lock().unwrap();
    shelf.arrived.push(Webhook {
        delivery_id: headers["x-revento-delivery-id"].to_str().unwrap().to_owned(),
        envelope: serde_json::from_str(&body).unwrap(),
    });
    shelf.status
}
