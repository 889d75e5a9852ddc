//! Revento in axum services: webhooks into an inbox, and the OAuth flow with its cookie.
//!
//! - [`WebhookEndpoint`] is a service for one route: it verifies, stores, answers. Mount it with
//!   `Router::route_service`.
//! - [`HandlerEndpoint`] is a service for one route too: it hands deliveries of one kind to a function.
//! - [`Webhook`] is an extractor: a handler takes `Webhook<ApplicationApproved>`, and gets it verified.
//! - [`Genuine`] is an extractor too: of the verified bytes, for who parses by themselves.
//! - [`VerifyLayer`] verifies in front of any other route, and puts the body back.
//! - [`ConnectFlow`] begins an authorization and finishes it: the pending authorization travels in a
//!   sealed cookie, one per flow, so that any number of tabs can connect at once and no server state
//!   is kept for browsers that never return.
//! - [`FrameAncestors`], [`WebviewSessions`] and [`WebviewCookie`] are for pages that the platform shows in a frame.
//!
//! # Handlers that stay as they are
//! Behind the layer nothing arrives that is not genuine, and the body is there again for axum's own extractors:
//!
//! ```
//! use axum::{Extension, Json, Router, http::StatusCode, routing::post};
//! use revento_axum::{Delivery, Gate, VerifyLayer};
//! use revento_webhooks::Verifier;
//!
//! async fn receive(Extension(delivery): Extension<Delivery>, Json(event): Json<serde_json::Value>) -> StatusCode {
//!     println!("{}, signed at {}", event["type"], delivery.verified().timestamp());
//!     StatusCode::OK
//! }
//!
//! let gate = Gate::new(Verifier::new("whsec_example")?);
//! let app: Router = Router::new().route("/webhooks", post(receive)).layer(VerifyLayer::new(gate));
//! # Ok::<(), revento_webhooks::SecretError>(())
//! ```
//!
//! Built on axum-core, so any axum version that shares it will do.

mod flow;
mod flow_cookie;
mod flow_once;
mod webhook;
mod webview;

pub use flow::{ConnectFlow, Connected, FlowError, FlowOver};
pub use revento_tower::{
    Delivery, FromDelivery, Gate, Handler, HandlerEndpoint, Rejection, Unavailable, VerifyLayer,
    WebhookEndpoint,
};
pub use webhook::{Genuine, Webhook, WebhookRejection};
pub use webview::{
    CookieRefused, FrameAncestors, Framed, OriginError, SignInError, WebviewCookie, WebviewSession,
    WebviewSessions,
};

/// The README's code compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
