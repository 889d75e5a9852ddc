//! A request to the token endpoint, in a span like any other request's.

use bytes::Bytes;
use http::{Request, Response};
use revento_core::RequestId;
use revento_transport::TransportError;
use tracing::{Instrument as _, field::Empty};

use crate::client::Shared;

/// Sends it, once. Neither its body nor that of the answer is shown: both carry secrets.
pub(crate) async fn send(
    shared: &Shared,
    grant_type: &'static str,
    request_id: &RequestId,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, TransportError> {
    let uri = request.uri();
    let span = tracing::debug_span!(
        "revento.http",
        otel.kind = "client",
        otel.name = "POST /oauth/token",
        http.request.method = "POST",
        url.template = "/oauth/token",
        url.scheme = uri.scheme_str(),
        server.address = uri.host(),
        server.port = uri.port_u16(),
        oauth.grant_type = grant_type,
        oauth.client_id = shared.integration.client_id().as_str(),
        revento.request_id = request_id.as_str(),
        http.response.status_code = Empty,
        error.type = Empty,
    );
    let result = shared.transport.send(request).instrument(span.clone()).await;
    match &result {
        Ok(response) => {
            let status = response.status().as_u16();
            span.record("http.response.status_code", status);
            if status >= 400 {
                span.record("error.type", status);
            }
        }
        Err(error) => {
            let kind = if error.may_have_arrived() {
                "no_answer"
            } else {
                "never_sent"
            };
            span.record("error.type", kind);
        }
    }
    result
}
