//! Stands in front of the sandbox and writes down what passes.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use revento_transport::Transport;
use revento_transport_reqwest::ReqwestTransport;

use super::{
    doom::WORKER,
    ledger::{Ledger, Sending, Worker},
};

const LARGEST: usize = 16 * 1024 * 1024;

/// What the judge needs.
#[derive(Debug, Clone)]
pub(super) struct Judge {
    pub(super) ledger: Arc<Ledger>,
    pub(super) transport: ReqwestTransport,
    /// Where the sandbox really listens.
    pub(super) sandbox: String,
    pub(super) client_id: String,
}

impl Judge {
    pub(super) fn router(self) -> Router {
        Router::new().fallback(pass).with_state(self)
    }

    /// What the request is about, before it passes.
    async fn before(&self, parts: &http::request::Parts, body: &[u8], worker: Worker) -> Option<Sending> {
        if parts.uri.path() == "/oauth/token" {
            let token = form_urlencoded::parse(body).find(|(name, _)| name == "refresh_token")?;
            return Some(self.ledger.sending(&token.1, worker).await);
        }
        let authorization = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        self.ledger.used(authorization.strip_prefix("Bearer ")?).await;
        None
    }

    fn after(&self, sending: Option<Sending>, answer: &http::Response<Bytes>, worker: Worker) {
        if answer.status() == StatusCode::OK {
            if let Ok(issued) = serde_json::from_slice(answer.body()) {
                self.ledger.issued(&self.client_id, sending, issued, worker);
            }
        } else if let Some(sending) = sending
            && answer.status() == StatusCode::BAD_REQUEST
        {
            self.ledger.refused(sending);
        }
    }
}

async fn pass(State(judge): State<Judge>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    // What was received will happen, also when its sender is killed meanwhile.
    let passed = tokio::spawn(async move {
        let worker = parts
            .headers
            .get(WORKER)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let worker = worker.unwrap_or(0);
        let sending = judge.before(&parts, &body, worker).await;
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut onward = http::Request::new(body);
        *onward.method_mut() = parts.method.clone();
        *onward.uri_mut() = format!("{}{path}", judge.sandbox).parse().unwrap_or_default();
        *onward.headers_mut() = parts.headers.clone();
        for name in [
            header::HOST,
            header::CONTENT_LENGTH,
            header::TRANSFER_ENCODING,
            header::CONNECTION,
        ] {
            onward.headers_mut().remove(name);
        }
        match judge.transport.send(onward).await {
            Ok(answer) => {
                judge.after(sending, &answer, worker);
                let (mut parts, body) = answer.into_parts();
                for name in [
                    header::CONTENT_LENGTH,
                    header::TRANSFER_ENCODING,
                    header::CONNECTION,
                ] {
                    parts.headers.remove(name);
                }
                Response::from_parts(parts, Body::from(body))
            }
            Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
        }
    });
    passed
        .await
        .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}
