//! Deliveries into a function.

use std::{
    convert::Infallible,
    error::Error,
    fmt,
    future::Future,
    marker::PhantomData,
    panic::AssertUnwindSafe,
    task::{Context, Poll},
};

use futures_util::{FutureExt, future::BoxFuture};
use http::Request;
use http_body::Body;
use revento_core::kind::Kind;
use tower_service::Service;

use crate::{Answer, Delivery, Gate, Rejection, Webhook, endpoint::answer};

/// What a handler can take: anything that is made from a verified delivery.
#[diagnostic::on_unimplemented(
    message = "a webhook handler cannot take `{Self}`: it is not verified",
    label = "this handler takes something that nobody has verified",
    note = "take a `Webhook<AnyEvent>`, or one kind such as `Webhook<ApplicationApproved>`"
)]
pub trait FromDelivery: Sized + Send + 'static {
    /// Reads it.
    ///
    /// # Errors
    /// When the delivery's content does not fit.
    fn from_delivery(delivery: Delivery) -> Result<Self, Rejection>;
}

impl<K: Kind> FromDelivery for Webhook<K> {
    fn from_delivery(delivery: Delivery) -> Result<Self, Rejection> {
        delivery.read()
    }
}

impl FromDelivery for Delivery {
    fn from_delivery(delivery: Delivery) -> Result<Self, Rejection> {
        Ok(delivery)
    }
}

/// A function that handles verified webhooks.
///
/// Every `async fn(Webhook<K>) -> Result<(), Unavailable>` is one. It has to end within the platform's
/// 10 s, and it is called again when the platform sends again; where that is not enough, take a
/// [`WebhookEndpoint`](crate::WebhookEndpoint). One that panics counts as [`Unavailable`].
pub trait Handler<A>: Clone + Send + Sync + 'static {
    /// Handles one webhook.
    fn handle(&self, webhook: A) -> BoxFuture<'static, Result<(), Unavailable>>;
}

impl<A, F, Fut> Handler<A> for F
where
    F: Fn(A) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<(), Unavailable>> + Send + 'static,
{
    fn handle(&self, webhook: A) -> BoxFuture<'static, Result<(), Unavailable>> {
        // A panic would take the connection with it, and leave the platform without an answer.
        let handled = AssertUnwindSafe(self(webhook)).catch_unwind();
        Box::pin(handled.map(|ended| ended.unwrap_or_else(|_| Err("the handler panicked".into()))))
    }
}

/// The handler cannot do its work now: the platform gets 503 and sends again. Any error converts.
pub struct Unavailable(Box<dyn Error + Send + Sync>);

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for Unavailable {
    fn from(cause: E) -> Self {
        Self(cause.into())
    }
}

impl From<Unavailable> for Rejection {
    fn from(Unavailable(cause): Unavailable) -> Self {
        Self::Unavailable(cause)
    }
}

impl fmt::Debug for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A service that verifies deliveries and hands those of one kind to a function. Those of another kind
/// are acknowledged: sending them again would not help.
pub struct HandlerEndpoint<H, A> {
    gate: Gate,
    handler: H,
    takes: PhantomData<fn(A)>,
}

impl<H: Handler<A>, A: FromDelivery> HandlerEndpoint<H, A> {
    /// A handler behind a gate.
    pub fn new(gate: Gate, handler: H) -> Self {
        Self {
            gate,
            handler,
            takes: PhantomData,
        }
    }
}

impl<H: Clone, A> Clone for HandlerEndpoint<H, A> {
    fn clone(&self) -> Self {
        Self {
            gate: self.gate.clone(),
            handler: self.handler.clone(),
            takes: PhantomData,
        }
    }
}

impl<H, A> fmt::Debug for HandlerEndpoint<H, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerEndpoint")
            .field("gate", &self.gate)
            .finish_non_exhaustive()
    }
}

impl<B, H, A> Service<Request<B>> for HandlerEndpoint<H, A>
where
    B: Body<Data: Send> + Send + 'static,
    H: Handler<A>,
    A: FromDelivery,
{
    type Response = Answer;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Answer, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Self { gate, handler, .. } = self.clone();
        Box::pin(async move {
            let webhook = gate
                .admit(request)
                .await
                .and_then(|(_, delivery)| A::from_delivery(delivery));
            Ok(answer(match webhook {
                Ok(webhook) => handler.handle(webhook).await.map_err(Rejection::from),
                Err(rejection) => Err(rejection),
            }))
        })
    }
}
