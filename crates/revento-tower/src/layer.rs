//! The layer that verifies in front of any other service.

use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Request, Response, header::CONTENT_TYPE};
use http_body::Body;
use http_body_util::{Either, Full};
use tower_layer::Layer;
use tower_service::Service;

use crate::{BoxError, Rejection, request_verifier::RequestVerifier};

/// Verifies requests in front of a service. See [`VerifyService`].
#[derive(Debug, Clone)]
pub struct VerifyLayer(RequestVerifier);

impl VerifyLayer {
    /// Takes a [`Verifier`](revento_webhooks::Verifier), or a [`RequestVerifier`] with settings of its own.
    pub fn new(verifier: impl Into<RequestVerifier>) -> Self {
        Self(verifier.into())
    }
}

impl<S> Layer<S> for VerifyLayer {
    type Service = VerifyService<S>;

    fn layer(&self, inner: S) -> VerifyService<S> {
        VerifyService {
            verifier: self.0.clone(),
            inner,
        }
    }
}

/// The service that [`VerifyLayer`] makes: it passes verified requests on, with the whole body and with a
/// [`VerifiedDelivery`](revento_webhooks::VerifiedDelivery) in the extensions.
///
/// It verifies the signature. It does not check that the delivery is new, or that the unsigned type header names the type of
/// the signed body (contract §4.1).
///
/// The `Content-Type` of a verified request is `application/json`, as the contract promises, whatever a proxy made of it. So
/// the JSON extractor of a framework takes the request. A panic in the service behind is answered with 503.
#[derive(Debug, Clone)]
pub struct VerifyService<S> {
    verifier: RequestVerifier,
    inner: S,
}

impl<S, B, R> Service<Request<B>> for VerifyService<S>
where
    S: Service<Request<Full<Bytes>>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    R: Body<Data = Bytes>,
{
    type Response = Response<Either<R, Full<Bytes>>>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let verifier = self.verifier.clone();
        // `poll_ready` made this very service ready, so it takes the request and a clone replaces it.
        let fresh = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, fresh);
        Box::pin(async move {
            match verifier.verify_request(request).await {
                Ok((mut parts, delivery)) => {
                    let body = Full::new(delivery.bytes());
                    parts.extensions.insert(delivery);
                    promise_json(&mut parts.headers);
                    let request = Request::from_parts(parts, body);
                    match Rejection::catch_panic(async { Ok(inner.call(request).await) }).await {
                        Ok(response) => Ok(response?.map(Either::Left)),
                        Err(rejection) => Ok(refuse(rejection)),
                    }
                }
                Err(rejection) => Ok(refuse(rejection)),
            }
        })
    }
}

fn refuse<R>(rejection: Rejection) -> Response<Either<R, Full<Bytes>>> {
    rejection.log();
    rejection.into_response().map(Either::Right)
}

/// The header is not signed, and the contract promises JSON (contract §4.1).
fn promise_json(headers: &mut HeaderMap) {
    const JSON: &str = "application/json";
    let is_json = headers.get(CONTENT_TYPE).is_some_and(|value| {
        let essence = value.as_bytes().split(|byte| *byte == b';').next();
        essence.is_some_and(|essence| essence.trim_ascii().eq_ignore_ascii_case(JSON.as_bytes()))
    });
    if !is_json {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    }
}
