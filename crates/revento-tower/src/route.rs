//! The layer that sends the requests for one path to a webhook endpoint.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use futures_util::{
    FutureExt, TryFutureExt,
    future::{self, Map, MapOk},
};
use http::{Request, Response};
use http_body_util::{Either, Full};
use tower_layer::Layer;
use tower_service::Service;

use crate::WebhookResponse;

/// Sends the requests for one path to a webhook endpoint, with any number of slashes at its end, and all others to the
/// service behind the layer.
///
/// Routers treat `/webhooks` and `/webhooks/` as two paths, and most proxies and forms for a webhook URL do not. The platform
/// follows no redirect, so a router that redirects one to the other does not help.
#[derive(Debug, Clone)]
pub struct WebhookRoute<E> {
    path: Arc<str>,
    endpoint: E,
}

impl<E> WebhookRoute<E> {
    /// Takes a path such as `/webhooks` and a [`WebhookEndpoint`](crate::WebhookEndpoint) or a
    /// [`HandlerEndpoint`](crate::HandlerEndpoint).
    pub fn new(path: &str, endpoint: E) -> Self {
        Self {
            path: without_slashes(path).into(),
            endpoint,
        }
    }
}

fn without_slashes(path: &str) -> &str {
    path.trim_end_matches('/')
}

impl<S, E: Clone> Layer<S> for WebhookRoute<E> {
    type Service = WebhookRouteService<S, E>;

    fn layer(&self, inner: S) -> Self::Service {
        WebhookRouteService {
            route: self.clone(),
            inner,
        }
    }
}

/// The service that [`WebhookRoute`] makes.
#[derive(Debug, Clone)]
pub struct WebhookRouteService<S, E> {
    route: WebhookRoute<E>,
    inner: S,
}

type Body<R> = Either<R, Full<Bytes>>;

impl<S, E, B, R> Service<Request<B>> for WebhookRouteService<S, E>
where
    S: Service<Request<B>, Response = Response<R>>,
    E: Service<Request<B>, Response = WebhookResponse, Error = Infallible>,
{
    type Response = Response<Body<R>>;
    type Error = S::Error;
    type Future = future::Either<
        MapOk<S::Future, fn(Response<R>) -> Self::Response>,
        Map<E::Future, fn(Result<WebhookResponse, Infallible>) -> Result<Self::Response, S::Error>>,
    >;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        let Ok(()) = ready!(self.route.endpoint.poll_ready(context));
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if without_slashes(request.uri().path()) == &*self.route.path {
            let response = self.route.endpoint.call(request);
            future::Either::Right(response.map(|Ok(response)| Ok(response.map(Either::Right))))
        } else {
            let response = self.inner.call(request);
            future::Either::Left(response.map_ok(|response| response.map(Either::Left)))
        }
    }
}
