//! A webhook receiver as small as one can be.

use axum::{
    Router,
    body::Bytes,
    extract::{RawQuery, State},
    http::HeaderMap,
    routing::post,
};
use revento::webhooks::{Headers, Verifier};
use tokio::net::TcpListener;

/// What an integration that is not started by the doctor gets with `--print-env`.
const WEBHOOK_SECRET: &str = "whsec_sandbox_Example-Signing-Key-For-Tests-Only-0001";

/// A server of this process.
pub(super) struct Receiver {
    pub(super) url: String,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Receiver {
    /// Verifies signatures.
    pub(super) async fn good() -> Self {
        Self::start(Some(Verifier::new(WEBHOOK_SECRET).unwrap())).await
    }

    /// Takes everything.
    pub(super) async fn careless() -> Self {
        Self::start(None).await
    }

    /// Verifies what it has parsed and written again, and not the bytes that came.
    pub(super) async fn reserialising() -> Self {
        let mut receiver = Self::start(Some(Verifier::new(WEBHOOK_SECRET).unwrap())).await;
        receiver.url.push_str("?again");
        receiver
    }

    async fn start(verifier: Option<Verifier>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/webhooks", listener.local_addr().unwrap());
        let pages = Router::new()
            .route("/webhooks", post(receive))
            .with_state(verifier.map(std::sync::Arc::new));
        let server = tokio::spawn(async move { axum::serve(listener, pages).await.unwrap() });
        Self { url, server }
    }
}

async fn receive(
    State(verifier): State<Option<std::sync::Arc<Verifier>>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    mut body: Bytes,
) -> (axum::http::StatusCode, HeaderMap, &'static str) {
    let Some(verifier) = verifier else {
        let mut answer = HeaderMap::new();
        answer.insert("x-powered-by", "Express".parse().unwrap());
        // Text of the integration that would act on a terminal and on GitHub.
        return (
            axum::http::StatusCode::CREATED,
            answer,
            "\u{1b}[2J\n::error::owned\n",
        );
    };
    if query.as_deref() == Some("again") {
        let parsed: Result<serde_json::Value, _> = serde_json::from_slice(&body);
        body = parsed.map(|parsed| parsed.to_string()).unwrap_or_default().into();
    }
    #[allow(clippy::disallowed_methods, reason = "a receiver has a clock")]
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let headers = Headers::collect(
        headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes())),
    );
    let verified = headers.is_ok_and(|headers| {
        let now = i64::try_from(now.as_secs()).unwrap();
        verifier.verify(&headers, &body, now).is_ok()
    });
    let status = if verified { 204 } else { 401 };
    (status.try_into().unwrap(), HeaderMap::new(), "")
}
