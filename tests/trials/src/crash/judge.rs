//! The judge: a proxy in front of the sandbox that records every request and answer.

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

use revento_store::Clock;

use super::{doom::WORKER, wall_clock::WallClock};
use crate::ledger::{Ledger, Sending, Worker};

const LARGEST: usize = 16 * 1024 * 1024;

/// The state of the judge.
#[derive(Debug, Clone)]
pub(super) struct Judge {
    pub(super) ledger: Arc<Ledger>,
    pub(super) clock: Arc<WallClock>,
    pub(super) transport: ReqwestTransport,
    /// The address of the sandbox behind the judge.
    pub(super) sandbox: String,
    pub(super) client_id: String,
}

impl Judge {
    pub(super) fn router(self) -> Router {
        Router::new().fallback(pass).with_state(self)
    }

    /// What the request is about, before it passes.
    async fn before(
        &self,
        request: &http::request::Parts,
        token: Option<&str>,
        worker: Worker,
    ) -> Option<Sending> {
        if let Some(token) = token {
            return self.ledger.sending(token, worker, self.clock.now()).await;
        }
        let authorization = request.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        self.ledger.used(authorization.strip_prefix("Bearer ")?).await;
        None
    }

    fn after(
        &self,
        sending: Option<Sending>,
        token: Option<&str>,
        answer: &http::Response<Bytes>,
        worker: Worker,
    ) {
        if answer.status() == StatusCode::OK {
            if let Ok(issued) = serde_json::from_slice(answer.body()) {
                self.ledger.issued(&self.client_id, token, issued, worker);
            }
        } else if let Some(sending) = sending
            && answer.status() == StatusCode::BAD_REQUEST
        {
            self.ledger.refused(sending);
        }
    }
}

fn refresh_token(request: &http::request::Parts, body: &[u8]) -> Option<String> {
    let mut fields = form_urlencoded::parse(body).filter(|_| request.uri.path() == "/oauth/token");
    let (_, token) = fields.find(|(name, _)| name == "refresh_token")?;
    Some(token.into_owned())
}

async fn pass(State(judge): State<Judge>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    // A received request takes effect even if its sender is killed now.
    let passed = tokio::spawn(async move {
        let worker = parts
            .headers
            .get(WORKER)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let worker = worker.unwrap_or(0);
        let token = refresh_token(&parts, &body);
        let sending = judge.before(&parts, token.as_deref(), worker).await;
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
                judge.after(sending, token.as_deref(), &answer, worker);
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
