//! Between transports and `tower` services, in both directions.

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

/// Any `tower::Service` from requests to responses as a [`Transport`].
///
/// A service that fails before it is ready was never given the request. When it fails after that, nothing
/// is known of the request – it may have arrived – unless the error *is* a [`TransportError`], which is
/// then passed on: so put middleware around [`TransportService`] and nothing is lost. A middleware that
/// sends a request twice breaks the promise of a transport, and with it invariant T1.
///
/// The service bounds the time and the size of a response: take `tower::timeout` and
/// `http_body_util::Limited`, or the like.
pub struct TowerTransport<S> {
    /// Cloned for each request; the lock spares the service from having to be `Sync`.
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
        service.call(request).await.map_err(|error| judge(error.into()))
    }
}

fn judge(error: BoxError) -> TransportError {
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

/// Any [`Transport`] as a `tower::Service`, to put layers around it. It is always ready.
#[derive(Debug, Clone)]
pub struct TransportService {
    transport: Arc<dyn Transport>,
}

impl TransportService {
    /// Calls `transport`.
    pub fn new(transport: Arc<dyn Transport>) -> Self {
        Self { transport }
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
