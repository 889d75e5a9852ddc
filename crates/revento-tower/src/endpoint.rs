//! The endpoint that stores deliveries in an inbox.

use std::{
    convert::Infallible,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::future::BoxFuture;
use http::Request;
use http_body::Body;
use revento_inbox::{Accepted, Inbox};
use revento_store::Clock;
use revento_webhooks::VerifiedDelivery;
use tower_service::Service;

use crate::{
    BoxError, metrics,
    rejection::Rejection,
    request_verifier::RequestVerifier,
    response::{WebhookResponse, into_response},
};

/// A service that verifies deliveries, stores them in an inbox, and answers 200 when they are stored.
///
/// It waits 2.5 s for the inbox, so that the platform gets its answer within 10 s. It answers everything else with a
/// [`Rejection`] and logs it as one `tracing` event without secrets.
#[derive(Debug, Clone)]
pub struct WebhookEndpoint {
    verifier: RequestVerifier,
    inbox: Inbox,
    store_timeout: Duration,
}

impl WebhookEndpoint {
    /// Takes a [`Verifier`](revento_webhooks::Verifier), or a [`RequestVerifier`] with settings of its own.
    pub fn new(verifier: impl Into<RequestVerifier>, inbox: Inbox) -> Self {
        metrics::begin();
        Self {
            verifier: verifier.into(),
            inbox,
            store_timeout: Duration::from_millis(2_500),
        }
    }

    /// Sets the greatest length of a body in bytes.
    #[must_use]
    pub fn max_body_bytes(mut self, bytes: usize) -> Self {
        self.verifier = self.verifier.max_body_bytes(bytes);
        self
    }

    /// Sets how long a body may take to arrive.
    #[must_use]
    pub fn body_timeout(mut self, timeout: Duration) -> Self {
        self.verifier = self.verifier.body_timeout(timeout);
        self
    }

    /// Sets how many bytes all bodies may have together that are arriving. See
    /// [`RequestVerifier::max_unverified_bytes`].
    #[must_use]
    pub fn max_unverified_bytes(mut self, bytes: usize) -> Self {
        self.verifier = self.verifier.max_unverified_bytes(bytes);
        self
    }

    /// Sets how long the inbox may take to store a delivery.
    #[must_use]
    pub fn store_timeout(mut self, timeout: Duration) -> Self {
        self.store_timeout = timeout;
        self
    }

    /// Replaces the clock of the operating system.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.verifier = self.verifier.clock(clock);
        self
    }

    /// The verifier of the endpoint, for frameworks with types of their own.
    pub fn verifier(&self) -> &RequestVerifier {
        &self.verifier
    }

    /// Stores a verified delivery.
    ///
    /// # Errors
    /// When the type header was changed, the inbox failed, or the inbox took too long.
    pub async fn store(&self, delivery: &VerifiedDelivery) -> Result<Accepted, Rejection> {
        let verified = delivery.as_verified();
        let stored = tokio::time::timeout(self.store_timeout, self.inbox.accept(&verified));
        Ok(stored.await.map_err(|_| Rejection::StoreTimeout)??)
    }
}

impl<B> Service<Request<B>> for WebhookEndpoint
where
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    type Response = WebhookResponse;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<WebhookResponse, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let endpoint = self.clone();
        Box::pin(async move {
            let stored = Rejection::catch_panic(async {
                let (_, delivery) = endpoint.verifier.verify_request(request).await?;
                endpoint.store(&delivery).await.map(|_| ())
            });
            Ok(into_response(stored.await))
        })
    }
}
