//! One request, one answer, one span.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};
use http::{
    Request, Response, Uri,
    header::{ACCEPT, AUTHORIZATION},
};
use revento_core::RequestId;
use tracing::{Instrument as _, field::Empty};

use super::{Target, who::Credential};
use crate::{Error, client::Shared, meter, words::in_words};

const VERSION: &str = "application/vnd.revento.v1+json";

/// One request.
pub(super) struct Exchange<'e> {
    pub(super) shared: &'e Shared,
    pub(super) target: &'e Target,
    pub(super) request_id: &'e RequestId,
    pub(super) limit: Duration,
}

/// No answer came.
pub(super) enum Failed {
    /// There was no request to send.
    Unmade(Error),
    /// It never left.
    NeverSent(String),
    /// It may have arrived.
    Unknown(String),
    /// It was answered with more than can be read: asking again would bring the same.
    TooLarge(String),
}

impl Exchange<'_> {
    pub(super) async fn run(self, credential: &Credential) -> Result<Response<Bytes>, Failed> {
        let request = self.request(credential).map_err(Failed::Unmade)?;
        let span = span(&self, request.uri());
        let begun = self.shared.clock.now();
        let result = self.send(request).instrument(span.clone()).await;
        let status = result.as_ref().map_or(0, |response| response.status().as_u16());
        let took = self.shared.clock.now().saturating_since(begun);
        meter::requested(self.target.template, status, took);
        match &result {
            Ok(response) => {
                span.record("http.response.status_code", status);
                span.record("http.response.body.size", response.body().len());
                if status >= 400 {
                    span.record("error.type", status);
                }
            }
            Err(Failed::NeverSent(trouble) | Failed::Unknown(trouble) | Failed::TooLarge(trouble)) => {
                span.record("error.type", trouble.as_str());
            }
            Err(Failed::Unmade(_)) => {}
        }
        result
    }

    fn request(&self, credential: &Credential) -> Result<Request<Bytes>, Error> {
        Request::get(format!("{}{}", self.shared.api_base, self.target.path_and_query))
            .header(AUTHORIZATION, credential.header(self.shared)?)
            .header(ACCEPT, VERSION)
            .header("x-revento-request-id", self.request_id.as_str())
            .body(Bytes::new())
            .map_err(|error| Error::Request {
                problem: error.to_string(),
            })
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Failed> {
        let sending = self.shared.transport.send(request);
        match select(sending, self.shared.timer.sleep(self.limit)).await {
            Either::Left((Ok(response), _)) => Ok(response),
            Either::Left((Err(error), _)) if error.is_too_large() => Err(Failed::TooLarge(in_words(&error))),
            Either::Left((Err(error), _)) if error.may_have_arrived() => {
                Err(Failed::Unknown(in_words(&error)))
            }
            Either::Left((Err(error), _)) => Err(Failed::NeverSent(in_words(&error))),
            Either::Right(_) => Err(Failed::Unknown(format!("no answer within {:?}", self.limit))),
        }
    }
}

/// By OpenTelemetry's conventions for HTTP clients. The path stands there as a template: ids are in the span around it.
fn span(exchange: &Exchange<'_>, uri: &Uri) -> tracing::Span {
    tracing::debug_span!(
        "revento.http",
        otel.kind = "client",
        otel.name = format_args!("GET {}", exchange.target.template),
        http.request.method = "GET",
        url.template = exchange.target.template,
        url.scheme = uri.scheme_str(),
        server.address = uri.host(),
        server.port = uri.port_u16(),
        revento.request_id = exchange.request_id.as_str(),
        http.response.status_code = Empty,
        http.response.body.size = Empty,
        error.type = Empty,
    )
}
