//! The program behind a listener.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, Uri},
    response::AppendHeaders,
};
use tokio::sync::mpsc;

/// A request that the receiver got.
pub(super) struct Got {
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

#[derive(Clone)]
struct Shared {
    got: mpsc::UnboundedSender<Got>,
    status: Arc<Mutex<StatusCode>>,
}

/// A receiver of webhooks that keeps each request, and answers as it is told.
pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    got: mpsc::UnboundedReceiver<Got>,
    status: Arc<Mutex<StatusCode>>,
}

impl Receiver {
    pub(super) async fn start() -> Self {
        Self::at(([127, 0, 0, 1], 0).into()).await
    }

    pub(super) async fn at(address: SocketAddr) -> Self {
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, got) = mpsc::unbounded_channel();
        let status = Arc::new(Mutex::new(StatusCode::NO_CONTENT));
        let shared = Shared {
            got: sender,
            status: Arc::clone(&status),
        };
        let app = Router::new().fallback(take).with_state(shared);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, got, status }
    }

    pub(super) async fn next(&mut self) -> Got {
        let next = tokio::time::timeout(Duration::from_secs(30), self.got.recv());
        next.await
            .unwrap_or_default()
            .unwrap_or_else(|| panic!("no webhook arrives"))
    }

    /// Whether no request waits to be looked at.
    pub(super) fn is_idle(&mut self) -> bool {
        self.got.try_recv().is_err()
    }

    pub(super) fn answer_with(&self, status: StatusCode) {
        *self.status.lock().unwrap() = status;
    }
}

async fn take(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> (
    StatusCode,
    AppendHeaders<[(&'static str, HeaderValue); 2]>,
    &'static str,
) {
    let path = uri.to_string();
    let _ = shared.got.send(Got { path, headers, body });
    let status = *shared.status.lock().unwrap();
    (
        status,
        AppendHeaders([
            (
                "location",
                HeaderValue::from_bytes("http://127.0.0.1:1/\u{202e}x".as_bytes()).unwrap(),
            ),
            ("set-cookie", HeaderValue::from_static("a=b")),
        ]),
        "noted",
    )
}
