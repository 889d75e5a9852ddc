//! Verified webhooks as what an axum handler takes.

use std::ops::Deref;

use axum_core::{
    body::Body,
    extract::{FromRef, FromRequest},
    response::{IntoResponse, Response},
};
use http::Request;
use revento_core::kind::Kind;
use revento_tower::{Delivery, Gate, Rejection};

/// A verified webhook of one kind, as an extractor: the request's last argument.
///
/// The [`Gate`] comes from the router's state; without one the router does not compile. What is not
/// genuine never reaches the handler.
///
/// ```
/// use axum::{Router, http::StatusCode, routing::post};
/// use revento_axum::{Gate, Webhook};
/// use revento_core::kind::{AnyEvent, ApplicationApproved};
/// use revento_webhooks::Verifier;
///
/// async fn approved(webhook: Webhook<ApplicationApproved>) -> StatusCode {
///     println!("{} is in", webhook.data().id);
///     StatusCode::OK
/// }
///
/// async fn any(webhook: Webhook<AnyEvent>) -> StatusCode {
///     println!("{}", webhook.envelope().event_type);
///     StatusCode::OK
/// }
///
/// let gate = Gate::new(Verifier::new("whsec_example")?);
/// let app: Router = Router::new()
///     .route("/approved", post(approved))
///     .route("/any", post(any))
///     .with_state(gate);
/// # Ok::<(), revento_webhooks::SecretError>(())
/// ```
///
/// The handler has to end within the platform's 10 s; where that is not enough, or nothing may be lost,
/// take a [`WebhookEndpoint`](crate::WebhookEndpoint). One that panics breaks the connection off, as axum's handlers do
/// without a layer that catches it; the platform then sends again.
#[derive(Debug)]
pub struct Webhook<K: Kind>(revento_tower::Webhook<K>);

impl<K: Kind> Webhook<K> {
    /// The webhook without its role as an extractor.
    pub fn into_inner(self) -> revento_tower::Webhook<K> {
        self.0
    }
}

impl<K: Kind> Deref for Webhook<K> {
    type Target = revento_tower::Webhook<K>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<S, K> FromRequest<S> for Webhook<K>
where
    K: Kind,
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = WebhookRejection;

    async fn from_request(request: Request<Body>, state: &S) -> Result<Self, WebhookRejection> {
        admit(request, state)
            .await
            .and_then(Delivery::read)
            .map(Self)
            .map_err(WebhookRejection)
    }
}

/// A verified delivery whose content nobody has looked at, as an extractor: for who parses by themselves, or
/// only passes the bytes on. [`Delivery::bytes`] has the body, as signed.
///
/// ```
/// use axum::{Router, http::StatusCode, routing::post};
/// use revento_axum::{Gate, Genuine};
/// use revento_webhooks::Verifier;
///
/// async fn forward(Genuine(delivery): Genuine) -> StatusCode {
///     println!("{} bytes are genuine", delivery.bytes().len());
///     StatusCode::OK
/// }
///
/// let gate = Gate::new(Verifier::new("whsec_example")?);
/// let app: Router = Router::new().route("/webhooks", post(forward)).with_state(gate);
/// # Ok::<(), revento_webhooks::SecretError>(())
/// ```
///
/// The signature does not cover the type that the header names: the body's decides (contract §4.1).
#[derive(Debug)]
pub struct Genuine(pub Delivery);

impl<S> FromRequest<S> for Genuine
where
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = WebhookRejection;

    async fn from_request(request: Request<Body>, state: &S) -> Result<Self, WebhookRejection> {
        admit(request, state).await.map(Self).map_err(WebhookRejection)
    }
}

async fn admit<S>(request: Request<Body>, state: &S) -> Result<Delivery, Rejection>
where
    Gate: FromRef<S>,
{
    let (head, body) = request.into_parts();
    Gate::from_ref(state).admit_body(&head, body).await
}

/// A [`Rejection`] as axum's answer; it is logged when it becomes one.
#[derive(Debug)]
pub struct WebhookRejection(pub Rejection);

impl IntoResponse for WebhookRejection {
    fn into_response(self) -> Response {
        self.0.log();
        self.0.into_answer().map(Body::new)
    }
}
