//! The middleware that verifies in front of any other handler.

use std::{
    future::{Future, Ready, ready},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    Error, HttpMessage,
    body::{EitherBody, MessageBody},
    dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform},
};
use revento_tower::RequestVerifier;

use crate::verify::verify;

/// Verifies requests in front of other handlers. It passes verified requests on, with the whole body and with a
/// [`VerifiedDelivery`](crate::VerifiedDelivery) in the extensions.
///
/// It verifies that a delivery is genuine. It does not check that the delivery is new, or that the unsigned type header
/// names the type of the signed body (contract §4.1).
///
/// The extractors of actix have limits of their own: `web::Bytes` reads up to 256 KiB unless a `web::PayloadConfig` sets
/// another limit.
#[derive(Debug, Clone)]
pub struct VerifyMiddleware(RequestVerifier);

impl VerifyMiddleware {
    /// Takes a `Verifier`, or a [`RequestVerifier`] with settings of its own.
    pub fn new(verifier: impl Into<RequestVerifier>) -> Self {
        Self(verifier.into())
    }
}

impl<S, B> Transform<S, ServiceRequest> for VerifyMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = VerifyService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(VerifyService {
            verifier: self.0.clone(),
            inner: Rc::new(inner),
        }))
    }
}

/// The service that [`VerifyMiddleware`] makes.
#[derive(Debug)]
pub struct VerifyService<S> {
    verifier: RequestVerifier,
    inner: Rc<S>,
}

impl<S, B> Service<ServiceRequest> for VerifyService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>>>>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let (verifier, inner) = (self.verifier.clone(), Rc::clone(&self.inner));
        Box::pin(async move {
            let payload = request.take_payload();
            match verify(&verifier, request.request(), payload).await {
                Ok(delivery) => {
                    request.set_payload(Payload::from(delivery.bytes()));
                    request.extensions_mut().insert(delivery);
                    let response = inner.call(request).await?;
                    Ok(response.map_into_left_body())
                }
                Err(rejection) => {
                    let error = Error::from(rejection);
                    Ok(request.error_response(error).map_into_right_body())
                }
            }
        })
    }
}
