//! Verified webhooks as arguments of axum handlers.

use std::ops::Deref;

use axum_core::{
    body::Body,
    extract::{FromRef, FromRequest},
    response::{IntoResponse, Response},
};
use http::Request;
use revento_core::kind::Kind;
use revento_tower::{FromDelivery, Rejection, RequestVerifier, VerifiedDelivery};

/// The extractor of a verified webhook of one kind: the last argument of a handler.
///
/// The router's state holds the [`RequestVerifier`]; a router without one does not compile. A request that is not verified
/// never reaches the handler.
///
/// ```
/// use axum::{Router, http::StatusCode, routing::any};
/// use revento_axum::{RequestVerifier, VerifiedWebhook};
/// use revento_core::kind::{AnyEvent, ApplicationApproved};
/// use revento_webhooks::Verifier;
///
/// async fn approved(webhook: VerifiedWebhook<ApplicationApproved>) -> StatusCode {
///     println!("{} is approved", webhook.data().id);
///     StatusCode::OK
/// }
///
/// async fn every(webhook: VerifiedWebhook<AnyEvent>) -> StatusCode {
///     println!("{}", webhook.envelope().event_type);
///     StatusCode::OK
/// }
///
/// let verifier = RequestVerifier::new(Verifier::new("whsec_example_secret")?);
/// let app: Router = Router::new()
///     .route("/approved", any(approved))
///     .route("/any", any(every))
///     .with_state(verifier);
/// # Ok::<(), revento_webhooks::SecretError>(())
/// ```
///
/// The handler has to end within the platform's 10 s. If that is not enough, or nothing may be lost, use a
/// [`WebhookEndpoint`](crate::WebhookEndpoint). A handler that panics ends the connection, as all handlers of axum do
/// without a layer that catches panics, and the platform sends the delivery again.
#[derive(Debug)]
pub struct VerifiedWebhook<K: Kind>(revento_tower::VerifiedWebhook<K>);

impl<K: Kind> VerifiedWebhook<K> {
    /// The webhook without the extractor around it.
    pub fn into_inner(self) -> revento_tower::VerifiedWebhook<K> {
        self.0
    }
}

impl<K: Kind> Deref for VerifiedWebhook<K> {
    type Target = revento_tower::VerifiedWebhook<K>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<K: Kind> FromDelivery for VerifiedWebhook<K> {
    fn from_delivery(delivery: VerifiedDelivery) -> Result<Self, Rejection> {
        FromDelivery::from_delivery(delivery).map(Self)
    }
}

impl<S, K> FromRequest<S> for VerifiedWebhook<K>
where
    K: Kind,
    S: Send + Sync,
    RequestVerifier: FromRef<S>,
{
    type Rejection = WebhookRejection;

    async fn from_request(request: Request<Body>, state: &S) -> Result<Self, WebhookRejection> {
        extract(request, state).await
    }
}

/// The extractor of a verified delivery with its raw body, for handlers that parse the body themselves or pass it on.
/// [`VerifiedDelivery::bytes`] returns the body, as signed.
///
/// ```
/// use axum::{Router, http::StatusCode, routing::any};
/// use revento_axum::{RawWebhook, RequestVerifier};
/// use revento_webhooks::Verifier;
///
/// async fn forward(RawWebhook(delivery): RawWebhook) -> StatusCode {
///     println!("{} bytes are verified", delivery.bytes().len());
///     StatusCode::OK
/// }
///
/// let verifier = RequestVerifier::new(Verifier::new("whsec_example_secret")?);
/// let app: Router = Router::new().route("/webhooks", any(forward)).with_state(verifier);
/// # Ok::<(), revento_webhooks::SecretError>(())
/// ```
///
/// The signature does not cover the type header: the type in the body decides (contract §4.1).
#[derive(Debug)]
pub struct RawWebhook(pub VerifiedDelivery);

impl FromDelivery for RawWebhook {
    fn from_delivery(delivery: VerifiedDelivery) -> Result<Self, Rejection> {
        Ok(Self(delivery))
    }
}

impl<S> FromRequest<S> for RawWebhook
where
    S: Send + Sync,
    RequestVerifier: FromRef<S>,
{
    type Rejection = WebhookRejection;

    async fn from_request(request: Request<Body>, state: &S) -> Result<Self, WebhookRejection> {
        extract(request, state).await
    }
}

async fn extract<T: FromDelivery, S>(request: Request<Body>, state: &S) -> Result<T, WebhookRejection>
where
    RequestVerifier: FromRef<S>,
{
    let (head, body) = request.into_parts();
    let verifier = RequestVerifier::from_ref(state);
    let extracted = Rejection::catch_panic(verifier.extract(&head, body));
    extracted.await.map_err(WebhookRejection)
}

/// A [`Rejection`] as axum's response. It is logged when it becomes one.
#[derive(Debug)]
pub struct WebhookRejection(pub Rejection);

impl IntoResponse for WebhookRejection {
    fn into_response(self) -> Response {
        self.0.log();
        self.0.into_response().map(Body::new)
    }
}
