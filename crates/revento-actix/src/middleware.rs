//! Verification in front of any other handler.

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
use revento_tower::Gate;

use crate::{WebhookRejection, admit};

/// Lets genuine deliveries through: their body is put back as it came, and a
/// [`Delivery`](crate::Delivery) is in the request's extensions.
///
/// It verifies that a delivery is genuine, not that it is new or of which type it says it is: the
/// unsigned headers are still there, and the signed body decides (contract §4.1).
///
/// Actix's own extractors have limits of their own behind it: `web::Bytes` reads up to 256 KiB unless a
/// `web::PayloadConfig` says otherwise.
#[derive(Debug, Clone)]
pub struct Verify(Gate);

impl Verify {
    /// A middleware behind whose gate only genuine deliveries arrive.
    pub fn new(gate: Gate) -> Self {
        Self(gate)
    }
}

impl<S, B> Transform<S, ServiceRequest> for Verify
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
            gate: self.0.clone(),
            inner: Rc::new(inner),
        }))
    }
}

/// The service that [`Verify`] puts in front.
#[derive(Debug)]
pub struct VerifyService<S> {
    gate: Gate,
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
        let (gate, inner) = (self.gate.clone(), Rc::clone(&self.inner));
        Box::pin(async move {
            let payload = request.take_payload();
            match admit(&gate, request.request(), payload).await {
                Ok(delivery) => {
                    request.set_payload(Payload::from(delivery.bytes()));
                    request.extensions_mut().insert(delivery);
                    let response = inner.call(request).await?;
                    Ok(response.map_into_left_body())
                }
                Err(rejection) => {
                    let error = Error::from(WebhookRejection(rejection));
                    Ok(request.error_response(error).map_into_right_body())
                }
            }
        })
    }
}
