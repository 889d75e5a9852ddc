//! The checks of `revento-web` as middlewares.

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::{
    Error,
    body::{EitherBody, MessageBody},
    dev::{Service, ServiceRequest, ServiceResponse, Transform},
};
use revento_web::{FrameAncestors, SameOrigin};

use super::{
    request::Browser,
    response::{copy_headers, flow_response},
};

type Answer<B> = Pin<Box<dyn Future<Output = Result<ServiceResponse<B>, Error>>>>;

/// [`SameOrigin`] as a middleware: refuses requests which another site makes a browser send, with 403.
///
/// ```
/// use actix_web::{App, web};
/// use revento_actix::{SameOrigin, SameOriginMiddleware};
///
/// let same_origin = SameOriginMiddleware::new(SameOrigin::new("https://app.example")?);
/// let seats = web::resource("/seats").route(web::post().to(async || "reserved"));
/// let app = App::new().service(seats.wrap(same_origin));
/// # drop(app);
/// # Ok::<(), revento_actix::OriginError>(())
/// ```
#[derive(Debug, Clone)]
pub struct SameOriginMiddleware(SameOrigin);

impl SameOriginMiddleware {
    /// Takes the rule.
    pub fn new(rule: SameOrigin) -> Self {
        Self(rule)
    }
}

impl<S, B> Transform<S, ServiceRequest> for SameOriginMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = SameOriginMiddlewareService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        let rule = self.0.clone();
        ready(Ok(SameOriginMiddlewareService { rule, inner }))
    }
}

/// The service that [`SameOriginMiddleware`] makes.
#[derive(Debug)]
pub struct SameOriginMiddlewareService<S> {
    rule: SameOrigin,
    inner: S,
}

impl<S, B> Service<ServiceRequest> for SameOriginMiddlewareService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = Answer<EitherBody<B>>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let checked = Browser::of(request.request()).map(|head| self.rule.refusal(&head.0));
        match checked {
            Ok(None) => {
                let answer = self.inner.call(request);
                Box::pin(async move { Ok(answer.await?.map_into_left_body()) })
            }
            Ok(Some(refusal)) => {
                let refused = request.into_response(flow_response(refusal));
                Box::pin(ready(Ok(refused.map_into_right_body())))
            }
            Err(error) => Box::pin(ready(Err(error))),
        }
    }
}

/// [`FrameAncestors`] as a middleware: says which site may show the pages behind it in a frame.
///
/// ```
/// use actix_web::{App, web};
/// use revento_actix::{FrameAncestors, FrameAncestorsMiddleware};
///
/// let platform = FrameAncestorsMiddleware::new(FrameAncestors::only("https://app.revento.example")?);
/// let agenda = web::resource("/agenda").to(async || "agenda");
/// let app = App::new().service(agenda.wrap(platform));
/// # drop(app);
/// # Ok::<(), revento_actix::OriginError>(())
/// ```
#[derive(Debug, Clone)]
pub struct FrameAncestorsMiddleware(FrameAncestors);

impl FrameAncestorsMiddleware {
    /// Takes the policy.
    pub fn new(policy: FrameAncestors) -> Self {
        Self(policy)
    }
}

impl<S, B> Transform<S, ServiceRequest> for FrameAncestorsMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Transform = FrameAncestorsMiddlewareService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        let policy = self.0.clone();
        ready(Ok(FrameAncestorsMiddlewareService { policy, inner }))
    }
}

/// The service that [`FrameAncestorsMiddleware`] makes.
#[derive(Debug)]
pub struct FrameAncestorsMiddlewareService<S> {
    policy: FrameAncestors,
    inner: S,
}

impl<S, B> Service<ServiceRequest> for FrameAncestorsMiddlewareService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    S::Future: 'static,
    B: 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Future = Answer<B>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&self, request: ServiceRequest) -> Self::Future {
        let answer = self.inner.call(request);
        let mut policy = http::HeaderMap::new();
        self.policy.add_to(&mut policy);
        Box::pin(async move {
            let mut response = answer.await?;
            copy_headers(&policy, response.headers_mut());
            Ok(response)
        })
    }
}
