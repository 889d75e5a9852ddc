//! One request, one answer, one span, one count.

pub(crate) mod advisories;
pub(crate) mod metrics;

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Request, Response};
use revento_core::{RequestId, error::chain};
use revento_transport::Transport;
use tracing::{Instrument as _, Span, field::Empty};

use crate::{error::SendError, runtime::Runtime};

/// Sends requests. Clones share the transport.
#[derive(Debug, Clone)]
pub(crate) struct HttpClient {
    transport: Arc<dyn Transport>,
    runtime: Runtime,
}

/// One request, and how spans and metrics name it.
pub(crate) struct Call<'c> {
    /// The path with names in place of ids (OpenTelemetry's `url.template`).
    pub(crate) template: &'static str,
    pub(crate) request_id: &'c RequestId,
    pub(crate) request: Request<Bytes>,
    /// How long to wait for the answer.
    pub(crate) limit: Duration,
}

impl HttpClient {
    pub(crate) fn new(transport: Arc<dyn Transport>, runtime: Runtime) -> Self {
        Self { transport, runtime }
    }

    /// Sends a request once. Spans and metrics show neither headers nor bodies: both carry secrets.
    pub(crate) async fn send(&self, call: Call<'_>) -> Result<Response<Bytes>, SendError> {
        let Call {
            template,
            request,
            limit,
            ..
        } = call;
        let method = request.method().clone();
        let span = span(template, call.request_id, &request);
        let begun = self.runtime.now();
        let result = self.exchange(request, limit).instrument(span.clone()).await;
        let took = self.runtime.now().saturating_since(begun);
        let status = result.as_ref().ok().map(|response| response.status().as_u16());
        let error_type = match &result {
            Ok(response) if response.status().as_u16() >= 400 => Some(response.status().as_str().to_owned()),
            Ok(_) => None,
            Err(error) => Some(error.kind().as_str().to_owned()),
        };
        record(&span, &result, error_type.as_deref());
        metrics::request_done(template, method.as_str(), status, error_type, took);
        result
    }

    async fn exchange(&self, request: Request<Bytes>, limit: Duration) -> Result<Response<Bytes>, SendError> {
        // A panic of the transport is an answer that never came, not the end of the caller's task.
        let sending = AssertUnwindSafe(async { self.transport.send(request).await }).catch_unwind();
        match self.runtime.timeout(limit, sending).await {
            Ok(Ok(result)) => result.map_err(SendError::Transport),
            Ok(Err(_)) => Err(SendError::Panicked),
            Err(_) => Err(SendError::TimedOut { limit }),
        }
    }
}

/// A span by OpenTelemetry's conventions for HTTP clients. The ids of the path are in the span around it.
fn span(template: &'static str, request_id: &RequestId, request: &Request<Bytes>) -> Span {
    let (method, uri) = (request.method(), request.uri());
    tracing::debug_span!(
        "revento.http",
        otel.kind = "client",
        otel.name = format_args!("{method} {template}"),
        http.request.method = method.as_str(),
        url.template = template,
        url.scheme = uri.scheme_str(),
        server.address = uri.host(),
        server.port = uri.port_u16(),
        revento.request_id = request_id.as_str(),
        http.response.status_code = Empty,
        http.response.body.size = Empty,
        error.type = Empty,
    )
}

fn record(span: &Span, result: &Result<Response<Bytes>, SendError>, error_type: Option<&str>) {
    if let Some(error_type) = error_type {
        span.record("error.type", error_type);
    }
    match result {
        Ok(response) => {
            span.record("http.response.status_code", response.status().as_u16());
            span.record("http.response.body.size", response.body().len());
        }
        Err(error) => span.in_scope(|| tracing::debug!(error = %chain(error), "no usable answer")),
    }
}
