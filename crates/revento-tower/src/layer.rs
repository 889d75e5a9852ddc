//! Verification in front of any other service.

use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{Either, Full};
use tower_layer::Layer;
use tower_service::Service;

use crate::{Gate, gate::put_back};

/// Puts [`Verify`] in front of a service.
#[derive(Debug, Clone)]
pub struct VerifyLayer(Gate);

impl VerifyLayer {
    /// A layer behind whose gate only genuine deliveries arrive.
    pub fn new(gate: Gate) -> Self {
        Self(gate)
    }
}

impl<S> Layer<S> for VerifyLayer {
    type Service = Verify<S>;

    fn layer(&self, inner: S) -> Verify<S> {
        Verify {
            gate: self.0.clone(),
            inner,
        }
    }
}

/// Lets genuine deliveries through to a service: their body is put back as it came, and a
/// [`Delivery`](crate::Delivery) is in the request's extensions.
///
/// It verifies that a delivery is genuine, not that it is new or of which type it says it is: the
/// unsigned headers are still there, and the signed body decides (contract §4.1).
#[derive(Debug, Clone)]
pub struct Verify<S> {
    gate: Gate,
    inner: S,
}

impl<S, B, R> Service<Request<B>> for Verify<S>
where
    S: Service<Request<Full<Bytes>>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data: Send> + Send + 'static,
    R: Body<Data = Bytes>,
{
    type Response = Response<Either<R, Full<Bytes>>>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Self::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let gate = self.gate.clone();
        // The service that was ready goes with the request; a clone takes its place.
        let fresh = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, fresh);
        Box::pin(async move {
            match gate.admit(request).await {
                Ok((mut parts, delivery)) => {
                    let body = put_back(&delivery);
                    parts.extensions.insert(delivery);
                    let response = inner.call(Request::from_parts(parts, body)).await?;
                    Ok(response.map(Either::Left))
                }
                Err(rejection) => {
                    rejection.log();
                    Ok(rejection.into_answer().map(Either::Right))
                }
            }
        })
    }
}
