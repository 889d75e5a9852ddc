//! The server in front of the sandbox.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use revento_sandbox::Sandbox;
use tokio::net::{TcpListener, TcpStream};

use super::Shared;
use super::call::{Call, Endpoint};
use super::edit;
use super::relay::Relay;
use super::rule::{Effect, Rules};
use super::secrets::Secrets;
use crate::primitives::now;

/// Where the sandbox sends its webhooks.
pub(super) const WEBHOOK_PATH: &str = "/_doctor/webhooks";

#[derive(Debug)]
pub(super) struct Proxy {
    pub(super) sandbox: Sandbox,
    pub(super) relay: Relay,
    pub(super) rules: Rules,
    pub(super) calls: Shared<Vec<Arc<Call>>>,
    pub(super) secrets: Shared<Secrets>,
    in_flight: Shared<HashMap<String, usize>>,
}

impl Proxy {
    pub(super) fn new(sandbox: Sandbox, relay: Relay) -> Self {
        let secrets = Secrets::new(sandbox.info());
        Self {
            sandbox,
            relay,
            rules: Rules::default(),
            calls: Shared::default(),
            secrets: Shared::new(secrets),
            in_flight: Shared::default(),
        }
    }

    /// The answer to a request; `None` closes the connection.
    async fn answer(&self, request: Request<Bytes>) -> Option<Response<Bytes>> {
        if request.uri().path() == WEBHOOK_PATH {
            let status = self.relay.take(request.headers(), request.body().clone()).await;
            let mut response = Response::new(Bytes::new());
            *response.status_mut() = status;
            return Some(response);
        }
        let mut call = arrival(&request);
        call.event_id = self.event_of(&call);
        let effects = self.rules.apply(call.endpoint, call.event_id.as_deref());
        let token = call.bearer().unwrap_or_default().to_owned();
        let counted = InFlight::enter(&self.in_flight, &token);
        call.in_flight = counted.now;
        let response = self.pass(request, &effects).await;
        drop(counted);
        call.took = call.arrived.elapsed();
        if let Some(response) = &response {
            call.status = Some(response.status().as_u16());
            call.answer_headers = response.headers().clone();
            call.answer = response.body().clone();
        }
        if call.endpoint != Endpoint::Other {
            self.calls
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(Arc::new(call));
        }
        for effect in effects {
            if let Effect::WaitAfter(gate) = effect {
                gate.passed().await;
            }
        }
        response
    }

    /// The event that a read names, or whose refresh token is sent.
    fn event_of(&self, call: &Call) -> Option<String> {
        if call.endpoint == Endpoint::Refresh {
            let secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
            return secrets.event_of.get(call.field("refresh_token")?).cloned();
        }
        let mut parts = call.uri.path().split('/');
        parts.find(|part| *part == "events")?;
        parts.next().map(str::to_owned)
    }

    async fn pass(&self, request: Request<Bytes>, effects: &[Effect]) -> Option<Response<Bytes>> {
        let mut request = edit::without_secrets_in_url(request);
        let mut lose = false;
        for effect in effects {
            match effect {
                Effect::Answer(response) => return Some(response.clone()),
                Effect::SmallPages(rows) => request = edit::with_limit(request, *rows),
                Effect::EmptyPage => {
                    if let Some(page) = edit::empty_page(&request) {
                        return Some(page);
                    }
                }
                Effect::WaitBefore(gate) => gate.passed().await,
                Effect::Delay(time) => tokio::time::sleep(*time).await,
                Effect::LoseAnswer => lose = true,
                Effect::WaitAfter(_) | Effect::Edit(_) | Effect::OddCursor => {}
            }
        }
        request = edit::with_own_cursor(request);
        let response = self.sandbox.answer(request.clone()).await;
        // The secrets of an answer that gets lost are given out all the same, as far as the platform knows.
        if let Some(response) = &response {
            let mut call = arrival(&request);
            call.answer = response.body().clone();
            self.secrets
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .learn(&call);
        }
        let response = response.filter(|_| !lose)?;
        Some(edit::edited(response, effects))
    }
}

/// Counts a call of a token until it is dropped.
struct InFlight<'a> {
    all: &'a Shared<HashMap<String, usize>>,
    token: String,
    now: usize,
}

impl<'a> InFlight<'a> {
    fn enter(all: &'a Shared<HashMap<String, usize>>, token: &str) -> Self {
        let mut counts = all.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(token.to_owned()).or_default();
        *count += 1;
        Self {
            all,
            token: token.to_owned(),
            now: *count,
        }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let mut counts = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.token) {
            *count = count.saturating_sub(1);
        }
    }
}

fn arrival(request: &Request<Bytes>) -> Call {
    let query = request.uri().query().unwrap_or_default();
    let mut fields: HashMap<String, String> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let form = request
        .headers()
        .get("content-type")
        .and_then(|value| value.to_str().ok());
    if form.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        fields.extend(url::form_urlencoded::parse(request.body()).into_owned());
    }
    Call {
        endpoint: Endpoint::of(request.method(), request.uri().path(), &fields),
        method: request.method().clone(),
        uri: request.uri().clone(),
        headers: request.headers().clone(),
        body: request.body().clone(),
        fields,
        event_id: None,
        arrived: now(),
        in_flight: 1,
        status: None,
        answer_headers: http::HeaderMap::new(),
        answer: Bytes::new(),
        took: std::time::Duration::ZERO,
    }
}

/// Serves until the task is aborted.
pub(super) async fn serve(listener: TcpListener, proxy: Arc<Proxy>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(connection(stream, Arc::clone(&proxy)))),
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, proxy: Arc<Proxy>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let proxy = Arc::clone(&proxy);
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.map_err(|_| Closed)?.to_bytes();
            let answer = proxy
                .answer(Request::from_parts(parts, body))
                .await
                .ok_or(Closed)?;
            Ok::<_, Closed>(answer.map(Full::<Bytes>::from))
        }
    });
    // An error closes the connection, which is what a lost answer looks like.
    let served = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended");
    }
}

/// The connection is closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed without an answer")]
struct Closed;
