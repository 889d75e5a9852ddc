//! HTTP over simulated sockets: the platform's end and a replica's.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use revento_oauth::TokenAnswer;
use revento_sandbox::Sandbox;
use revento_store::Clock;
use revento_transport::{Transport, TransportError};
use turmoil::net::{TcpListener, TcpStream};

use super::time::Watch;
use crate::ledger::{Ledger, Sending, Worker};

pub(super) const PLATFORM: &str = "platform";
const PORT: u16 = 80;
const WORKER: &str = "x-trial-worker";
/// Connecting, and all the rest.
const CONNECT: Duration = Duration::from_secs(1);
const ANSWER: Duration = Duration::from_secs(2);

/// The sandbox, and the judge that sees what it issues.
#[derive(Debug, Clone)]
pub(super) struct Platform {
    pub(super) sandbox: Arc<Sandbox>,
    pub(super) ledger: Arc<Ledger>,
}

impl Platform {
    /// The software of the platform's host.
    pub(super) async fn serve(self) -> turmoil::Result {
        let listener = TcpListener::bind(("0.0.0.0", PORT)).await?;
        loop {
            let (stream, _) = listener.accept().await?;
            let platform = self.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| platform.clone().respond(request));
                let _ = hyper::server::conn::http1::Builder::new()
                    // It would be the machine's date.
                    .auto_date_header(false)
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    }

    async fn respond(self, request: http::Request<Incoming>) -> Result<http::Response<Full<Bytes>>, HungUp> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| HungUp)?.to_bytes();
        let answer = self.answer(http::Request::from_parts(parts, body)).await;
        Ok(answer.ok_or(HungUp)?.map(Full::new))
    }

    /// Answers, and records issued tokens and revoked families even if the answer is lost.
    pub(super) async fn answer(&self, request: http::Request<Bytes>) -> Option<http::Response<Bytes>> {
        let worker = request
            .headers()
            .get(WORKER)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let token = refresh_token(&request);
        let exchange = request.uri().path() == "/oauth/token";
        let (issued, reused) = self.counts().await;
        let answer = self.sandbox.answer(request).await;
        let (issued_now, reused_now) = self.counts().await;
        if let Some(token) = &token
            && reused_now > reused
        {
            self.ledger.reused(token, worker.unwrap_or(0));
        }
        if exchange && issued_now > issued {
            let body = match &answer {
                Some(answer) => answer.body().clone(),
                None => Bytes::new(),
            };
            if let Ok(issued) = serde_json::from_slice(&body) {
                let client_id = &self.sandbox.info().client_id;
                self.ledger
                    .issued(client_id, token.as_deref(), issued, worker.unwrap_or(0));
            } else if let Some(token) = token {
                self.ledger.issued_to_nobody(&token, worker.unwrap_or(0));
            }
        }
        answer
    }

    /// Issued pairs, and uses of refresh tokens that had been used before.
    async fn counts(&self) -> (u64, u64) {
        let stats = self.sandbox.stats().await;
        stats.map_or((0, 0), |stats| (stats.tokens_issued, stats.reuses))
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the platform hung up")]
struct HungUp;

fn refresh_token(request: &http::Request<Bytes>) -> Option<String> {
    let mut fields =
        form_urlencoded::parse(request.body()).filter(|_| request.uri().path() == "/oauth/token");
    let (_, token) = fields.find(|(name, _)| name == "refresh_token")?;
    Some(token.into_owned())
}

/// The platform as a replica reaches it.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) ledger: Arc<Ledger>,
    pub(super) watch: Arc<Watch>,
    pub(super) worker: Worker,
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, mut request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        request
            .headers_mut()
            .insert(WORKER, HeaderValue::from(self.worker));
        let Some(token) = refresh_token(&request) else {
            if let Some(bearer) = request.headers().get(http::header::AUTHORIZATION) {
                let bearer = bearer.to_str().unwrap_or_default();
                self.ledger.used(bearer.trim_start_matches("Bearer ")).await;
            }
            return exchange(request).await;
        };
        let sending = self.ledger.sending(&token, self.worker, self.watch.now()).await;
        let mut hearing = Hearing {
            ledger: &self.ledger,
            sending,
        };
        let answer = exchange(request).await;
        hearing.hear(&answer);
        answer
    }
}

/// A caller that waits for an answer. When it is dropped, the outcome of the sending is unknown.
struct Hearing<'a> {
    ledger: &'a Ledger,
    sending: Option<Sending>,
}

impl Hearing<'_> {
    fn hear(&mut self, answer: &Result<http::Response<Bytes>, TransportError>) {
        let Some(sending) = self.sending.take() else {
            return;
        };
        match answer {
            Err(error) if error.may_have_taken_effect() => self.ledger.lost(sending),
            Err(_) => self.ledger.unspent(sending),
            Ok(answer) => match TokenAnswer::read(answer) {
                TokenAnswer::Issued(_) => {}
                TokenAnswer::Refused { error, .. } if error.as_str() == "invalid_grant" => {
                    self.ledger.refused(sending);
                }
                TokenAnswer::Refused { .. } => self.ledger.unspent(sending),
                TokenAnswer::Unreadable { .. } => self.ledger.lost(sending),
            },
        }
    }
}

impl Drop for Hearing<'_> {
    fn drop(&mut self) {
        if let Some(sending) = self.sending.take() {
            self.ledger.lost(sending);
        }
    }
}

async fn exchange(request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
    let connecting = tokio::time::timeout(CONNECT, TcpStream::connect((PLATFORM, PORT)));
    let stream = match connecting.await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(TransportError::never_sent(error)),
        Err(late) => return Err(TransportError::never_sent(late)),
    };
    match tokio::time::timeout(ANSWER, converse(stream, request)).await {
        Ok(answer) => answer.map_err(TransportError::may_have_been_sent),
        Err(late) => Err(TransportError::may_have_been_sent(late)),
    }
}

async fn converse(
    stream: TcpStream,
    request: http::Request<Bytes>,
) -> Result<http::Response<Bytes>, hyper::Error> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let answer = async {
        let (parts, body) = sender.send_request(request.map(Full::new)).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(http::Response::from_parts(parts, body))
    };
    let answer = answer.await;
    connection.abort();
    answer
}

/// The supervisor's transport, which bypasses the simulated network.
#[derive(Debug)]
pub(super) struct Direct(pub(super) Platform);

#[async_trait]
impl Transport for Direct {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let answer = self.0.answer(request).await;
        answer.ok_or_else(|| TransportError::may_have_been_sent(StatusCode::BAD_GATEWAY.to_string()))
    }
}
