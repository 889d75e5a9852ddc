//! Adapters between transports and `tower` services, in both directions.

use std::{
    error::Error,
    fmt,
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use async_trait::async_trait;
use bytes::Bytes;
use tower_service::Service;

use crate::{Transport, TransportError};

type BoxError = Box<dyn Error + Send + Sync>;

/// A `tower::Service` from requests to responses as a [`Transport`].
///
/// When the service fails before it is ready, the request was never sent. When it fails later, the request may have
/// taken effect, unless the error is a [`TransportError`], which is returned unchanged: middleware around a
/// [`TransportService`] keeps it. Middleware that sends a request twice breaks invariant T1.
///
/// The service has to limit the time and the size of a response, for example with `tower::timeout` and
/// [`collect_limited`](crate::collect_limited).
pub struct TowerTransport<S> {
    /// Cloned for each request. With the lock, the service need not be `Sync`.
    service: Mutex<S>,
}

impl<S> TowerTransport<S> {
    /// Sends through clones of `service`.
    pub fn new(service: S) -> Self {
        Self {
            service: Mutex::new(service),
        }
    }
}

#[async_trait]
impl<S> Transport for TowerTransport<S>
where
    S: Service<http::Request<Bytes>, Response = http::Response<Bytes>> + Clone + Send,
    S::Error: Into<BoxError>,
    S::Future: Send,
{
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let mut service = self
            .service
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        poll_fn(|context| service.poll_ready(context))
            .await
            .map_err(TransportError::never_sent)?;
        service
            .call(request)
            .await
            .map_err(|error| classify(error.into()))
    }
}

fn classify(error: BoxError) -> TransportError {
    match error.downcast::<TransportError>() {
        Ok(known) => *known,
        Err(unknown) => TransportError::may_have_been_sent(unknown),
    }
}

impl<S> fmt::Debug for TowerTransport<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TowerTransport").finish_non_exhaustive()
    }
}

/// A [`Transport`] as a `tower::Service`, for layers around it. It is always ready.
#[derive(Debug, Clone)]
pub struct TransportService {
    transport: Arc<dyn Transport>,
}

impl TransportService {
    /// A service that sends through `transport`.
    pub fn new(transport: impl Transport + 'static) -> Self {
        Self {
            transport: Arc::new(transport),
        }
    }
}

impl Service<http::Request<Bytes>> for TransportService {
    type Response = http::Response<Bytes>;
    type Error = TransportError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Bytes>) -> Self::Future {
        let transport = Arc::clone(&self.transport);
        Box::pin(async move { transport.send(request).await })
    }
}
