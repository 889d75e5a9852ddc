//! Deliveries into an inbox.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::future::BoxFuture;
use http::Request;
use http_body::Body;
use revento_inbox::{Accepted, Inbox};
use revento_store::Clock;
use revento_webhooks::Verifier;
use tower_service::Service;

use crate::{Answer, Delivery, Gate, Rejection};

/// A service that verifies deliveries, stores them in an inbox, and answers 200 once they are stored.
///
/// An inbox that has not confirmed after 2.5 s is given up, so that the platform has its answer within its 10 s.
/// Everything else is a [`Rejection`], logged as one `tracing` event without secrets.
#[derive(Debug, Clone)]
pub struct WebhookEndpoint {
    gate: Gate,
    inbox: Inbox,
    stored_within: Duration,
}

impl WebhookEndpoint {
    /// An endpoint with the defaults of [`Gate::new`].
    pub fn new(verifier: Verifier, inbox: Inbox) -> Self {
        Self::behind(Gate::new(verifier), inbox)
    }

    /// An endpoint behind a gate of one's own.
    pub fn behind(gate: Gate, inbox: Inbox) -> Self {
        Self {
            gate,
            inbox,
            stored_within: Duration::from_millis(2_500),
        }
    }

    /// The most bytes that a body may have.
    #[must_use]
    pub fn largest_body(mut self, bytes: usize) -> Self {
        self.gate = self.gate.largest_body(bytes);
        self
    }

    /// How long a body may take to arrive.
    #[must_use]
    pub fn body_within(mut self, duration: Duration) -> Self {
        self.gate = self.gate.body_within(duration);
        self
    }

    /// How long the inbox may take to store a delivery.
    #[must_use]
    pub fn stored_within(mut self, duration: Duration) -> Self {
        self.stored_within = duration;
        self
    }

    /// Replaces the operating system's clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.gate = self.gate.clock(clock);
        self
    }

    /// Its gate, for frameworks with types of their own.
    pub fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Stores what came through the gate.
    ///
    /// # Errors
    /// When the type header was tampered with, nothing was stored, or the inbox took too long.
    pub async fn store(&self, delivery: &Delivery) -> Result<Accepted, Rejection> {
        let verified = delivery.verified();
        let stored = tokio::time::timeout(self.stored_within, self.inbox.accept(&verified));
        Ok(stored.await.map_err(|_| Rejection::StoredTooSlowly)??)
    }
}

impl<B> Service<Request<B>> for WebhookEndpoint
where
    B: Body<Data: Send> + Send + 'static,
{
    type Response = Answer;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Answer, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let endpoint = self.clone();
        Box::pin(async move {
            let stored = match endpoint.gate.admit(request).await {
                Ok((_, delivery)) => endpoint.store(&delivery).await.map(|_| ()),
                Err(rejection) => Err(rejection),
            };
            Ok(answer(stored))
        })
    }
}

/// 200 without content, or the rejection, logged.
pub(crate) fn answer(result: Result<(), Rejection>) -> Answer {
    match result {
        Ok(()) => Answer::default(),
        Err(rejection) => {
            rejection.log();
            rejection.into_answer()
        }
    }
}
