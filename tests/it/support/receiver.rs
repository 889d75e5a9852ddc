//! A webhook receiver that keeps the webhooks and answers with a status that the test sets.

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

/// A received webhook.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    pub(crate) delivery_id: String,
    pub(crate) envelope: Value,
}

#[derive(Debug)]
struct Received {
    status: StatusCode,
    webhooks: Vec<Webhook>,
}

/// A receiver on a free port. It ends with the test.
#[derive(Debug, Clone)]
pub(crate) struct Receiver {
    url: String,
    received: Arc<Mutex<Received>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhooks", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Received {
            status: StatusCode::NO_CONTENT,
            webhooks: Vec::new(),
        }));
        let app = Router::new()
            .route("/page", get(async || Html(PAGE)))
            .route("/favicon.ico", get(async || StatusCode::NOT_FOUND))
            .fallback(receive)
            .with_state(Arc::clone(&received));
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, received }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The URL of a page that the platform can show in a frame.
    pub(crate) fn page(&self) -> String {
        self.url.replace("/webhooks", "/page")
    }

    /// Sets the status of the next answers.
    pub(crate) fn answer_with(&self, status: u16) {
        self.received.lock().unwrap().status = StatusCode::from_u16(status).unwrap();
    }

    /// All webhooks so far.
    pub(crate) fn arrived(&self) -> Vec<Webhook> {
        self.received.lock().unwrap().webhooks.clone()
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

async fn receive(
    State(received): State<Arc<Mutex<Received>>>,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let mut received = received.lock().unwrap();
    received.webhooks.push(Webhook {
        delivery_id: headers["x-revento-delivery-id"].to_str().unwrap().to_owned(),
        envelope: serde_json::from_str(&body).unwrap(),
    });
    received.status
}
