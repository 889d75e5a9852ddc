//! A webhook receiver whose answers a test chooses.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use tokio::sync::mpsc;

/// A delivery as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) raw: Bytes,
    pub(crate) body: Value,
}

impl Received {
    /// Checks the signature (contract §4.1).
    pub(crate) fn is_signed_with(&self, secret: &str) -> bool {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(self.headers["x-revento-timestamp"].as_bytes());
        mac.update(b".");
        mac.update(&self.raw);
        self.headers["x-revento-signature"] == format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
    }
}

#[derive(Clone)]
struct Shared {
    sender: mpsc::UnboundedSender<Received>,
    status: Arc<Mutex<u16>>,
    text: Arc<Mutex<String>>,
}

/// A running receiver.
pub(crate) struct Receiver {
    address: std::net::SocketAddr,
    inbox: tokio::sync::Mutex<mpsc::UnboundedReceiver<Received>>,
    status: Arc<Mutex<u16>>,
    text: Arc<Mutex<String>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, inbox) = mpsc::unbounded_channel();
        let status = Arc::new(Mutex::new(200));
        let text = Arc::new(Mutex::new("noted".to_owned()));
        let shared = Shared {
            sender,
            status: Arc::clone(&status),
            text: Arc::clone(&text),
        };
        let app = Router::new().fallback(take).with_state(shared);
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            address,
            inbox: tokio::sync::Mutex::new(inbox),
            status,
            text,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/webhooks", self.address)
    }

    /// Sets the status of the following answers.
    pub(crate) fn answer_with(&self, status: u16) {
        *self.status.lock().unwrap() = status;
    }

    /// Sets the body of the following answers.
    pub(crate) fn say(&self, text: String) {
        *self.text.lock().unwrap() = text;
    }

    pub(crate) async fn next(&self) -> Received {
        let mut inbox = self.inbox.lock().await;
        let waited = tokio::time::timeout(std::time::Duration::from_secs(5), inbox.recv()).await;
        waited.expect("no webhook within five seconds").unwrap()
    }

    /// Checks that no delivery arrives for a moment.
    pub(crate) async fn stays_quiet(&self) {
        let mut inbox = self.inbox.lock().await;
        let waited = tokio::time::timeout(std::time::Duration::from_millis(250), inbox.recv()).await;
        assert!(waited.is_err(), "unexpected: {waited:?}");
    }
}

async fn take(State(shared): State<Shared>, headers: HeaderMap, raw: Bytes) -> Response {
    let headers = headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    let body = serde_json::from_slice(&raw).unwrap_or(Value::Null);
    shared.sender.send(Received { headers, raw, body }).ok();
    let status = StatusCode::from_u16(*shared.status.lock().unwrap()).unwrap();
    (
        status,
        AppendHeaders([("location", "/elsewhere"), ("link", "<1>"), ("link", "<2>")]),
        shared.text.lock().unwrap().clone(),
    )
        .into_response()
}
