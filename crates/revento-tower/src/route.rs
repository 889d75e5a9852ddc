//! The layer that sends the requests for one path to a webhook endpoint.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
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
///
/// Put it around the whole router. In axum that is `Router::layer` after the last `route`, `merge`, `nest` and `fallback`: axum
/// drops the layers of a router's own 404 when the router is merged, nested or gets a fallback.
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

impl<S, E, B, R> Service<Request<B>> for WebhookRouteService<S, E>
where
    S: Service<Request<B>, Response = Response<R>>,
    E: Service<Request<B>, Response = WebhookResponse, Error = Infallible, Future: Unpin>,
{
    type Response = Response<Either<R, Full<Bytes>>>;
    type Error = S::Error;
    type Future = WebhookRouteFuture<S::Future, E::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        let Ok(()) = ready!(self.route.endpoint.poll_ready(context));
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let is_ours = without_slashes(request.uri().path()) == &*self.route.path;
        let (endpoint, inner) = if is_ours {
            (Some(self.route.endpoint.call(request)), None)
        } else {
            (None, Some(Box::pin(self.inner.call(request))))
        };
        WebhookRouteFuture { endpoint, inner }
    }
}

/// The future of [`WebhookRouteService`].
#[derive(Debug)]
pub struct WebhookRouteFuture<S, E> {
    endpoint: Option<E>,
    inner: Option<Pin<Box<S>>>,
}

impl<S, E, R, Error> Future for WebhookRouteFuture<S, E>
where
    S: Future<Output = Result<Response<R>, Error>>,
    E: Future<Output = Result<WebhookResponse, Infallible>> + Unpin,
{
    type Output = Result<Response<Either<R, Full<Bytes>>>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if let Some(endpoint) = &mut this.endpoint {
            let Ok(response) = ready!(Pin::new(endpoint).poll(context));
            Poll::Ready(Ok(response.map(Either::Right)))
        } else if let Some(inner) = &mut this.inner {
            inner
                .as_mut()
                .poll(context)
                .map_ok(|response| response.map(Either::Left))
        } else {
            Poll::Pending
        }
    }
}
