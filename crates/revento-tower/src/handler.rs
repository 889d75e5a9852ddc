//! The endpoint that hands deliveries to a function.

use std::{
    convert::Infallible,
    error::Error,
    fmt,
    future::Future,
    marker::PhantomData,
    task::{Context, Poll},
};

use futures_util::future::BoxFuture;
use http::Request;
use http_body::Body;
use revento_core::kind::Kind;
use revento_webhooks::{VerifiedDelivery, VerifiedWebhook};
use tower_service::Service;

use crate::{
    BoxError,
    rejection::Rejection,
    request_verifier::{RequestVerifier, content_encoding},
    response::{WebhookResponse, into_response},
};

/// A service that verifies deliveries and hands those of one kind to a function.
///
/// It acknowledges deliveries of other kinds, since sending them again would not help.
pub struct HandlerEndpoint<H, A> {
    verifier: RequestVerifier,
    handler: H,
    argument: PhantomData<fn(A)>,
}

impl<H: Handler<A>, A: FromDelivery> HandlerEndpoint<H, A> {
    /// Takes a [`Verifier`](revento_webhooks::Verifier), or a [`RequestVerifier`] with settings of its own.
    pub fn new(verifier: impl Into<RequestVerifier>, handler: H) -> Self {
        Self {
            verifier: verifier.into(),
            handler,
            argument: PhantomData,
        }
    }

    /// The verifier of the endpoint, for frameworks with types of their own.
    pub fn verifier(&self) -> &RequestVerifier {
        &self.verifier
    }

    /// Reads a verified delivery and hands it to the handler.
    ///
    /// # Errors
    /// When the delivery is not what the handler takes, or when the handler failed.
    pub async fn handle(&self, delivery: VerifiedDelivery) -> Result<(), Rejection> {
        let webhook = A::from_delivery(delivery)?;
        self.handler.handle(webhook).await.map_err(Rejection::from)
    }
}

/// A function that handles verified webhooks.
///
/// Every `async fn(VerifiedWebhook<K>) -> Result<(), Unavailable>` is a handler. It has to end within the platform's 10 s,
/// and the platform may send the same delivery again. If that is not enough, use a
/// [`WebhookEndpoint`](crate::WebhookEndpoint). A panic is answered with 503, too, also if it
/// comes before the function returns its future.
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
        Box::pin(self(webhook))
    }
}

/// The handler cannot do its work now. The platform gets 503 and sends the delivery again. Any error converts.
pub struct Unavailable(Box<dyn Error + Send + Sync>);

impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for Unavailable {
    fn from(cause: E) -> Self {
        Self(cause.into())
    }
}

impl From<Unavailable> for Rejection {
    fn from(Unavailable(cause): Unavailable) -> Self {
        Self::HandlerUnavailable(cause)
    }
}

impl fmt::Debug for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The argument of a handler: anything that a verified delivery converts to.
#[diagnostic::on_unimplemented(
    message = "a webhook handler cannot take `{Self}`: it is not verified",
    label = "the argument of this handler is not verified",
    note = "take a `VerifiedWebhook<AnyEvent>`, or one kind such as `VerifiedWebhook<ApplicationApproved>`"
)]
pub trait FromDelivery: Sized + Send + 'static {
    /// Reads the delivery.
    ///
    /// # Errors
    /// When the content of the delivery is not the expected one.
    fn from_delivery(delivery: VerifiedDelivery) -> Result<Self, Rejection>;
}

impl<K: Kind> FromDelivery for VerifiedWebhook<K> {
    fn from_delivery(delivery: VerifiedDelivery) -> Result<Self, Rejection> {
        Ok(delivery.read()?)
    }
}

impl FromDelivery for VerifiedDelivery {
    fn from_delivery(delivery: VerifiedDelivery) -> Result<Self, Rejection> {
        Ok(delivery)
    }
}

impl<H: Clone, A> Clone for HandlerEndpoint<H, A> {
    fn clone(&self) -> Self {
        Self {
            verifier: self.verifier.clone(),
            handler: self.handler.clone(),
            argument: PhantomData,
        }
    }
}

impl<H, A> fmt::Debug for HandlerEndpoint<H, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerEndpoint")
            .field("verifier", &self.verifier)
            .finish_non_exhaustive()
    }
}

impl<B, H, A> Service<Request<B>> for HandlerEndpoint<H, A>
where
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    H: Handler<A>,
    A: FromDelivery,
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
            let handled = Rejection::catch_panic(async {
                let (head, delivery) = endpoint.verifier.verify_request(request).await?;
                let handled = endpoint.handle(delivery).await;
                handled.map_err(|rejection| rejection.with_content_encoding(content_encoding(&head)))
            });
            Ok(into_response(handled.await))
        })
    }
}
