//! The middleware that verifies in front of any other handler.

use std::{
    future::{Future, Ready, ready},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    Error, HttpMessage, ResponseError,
    body::{EitherBody, MessageBody},
    dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform},
    http::header::{CONTENT_TYPE, HeaderValue},
};
use revento_tower::{Rejection, RequestVerifier};

use crate::{rejection::WebhookRejection, verify::verify};

/// Verifies requests in front of other handlers. It passes verified requests on, with the whole body and with a
/// [`VerifiedDelivery`](crate::VerifiedDelivery) in the extensions.
///
/// It verifies the signature. It does not check that the delivery is new, or that the unsigned type header names the type of
/// the signed body (contract §4.1).
///
/// The `Content-Type` of a verified request is `application/json`, as the contract promises, whatever a proxy made of it. So
/// `web::Json` takes the request. A panic in the handler is answered with 503.
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
                    promise_json(&mut request);
                    let refused = request.request().clone();
                    match Rejection::catch_panic(async { Ok(inner.call(request).await) }).await {
                        Ok(response) => Ok(response?.map_into_left_body()),
                        Err(rejection) => {
                            let response = WebhookRejection(rejection).error_response();
                            Ok(ServiceResponse::new(refused, response).map_into_right_body())
                        }
                    }
                }
                Err(rejection) => {
                    let error = Error::from(WebhookRejection(rejection));
                    Ok(request.error_response(error).map_into_right_body())
                }
            }
        })
    }
}

/// The header is not signed, and the contract promises JSON (contract §4.1).
fn promise_json(request: &mut ServiceRequest) {
    const JSON: &str = "application/json";
    if !request.content_type().eq_ignore_ascii_case(JSON) {
        request
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    }
}
