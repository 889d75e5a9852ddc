//! Revento in axum services: webhooks, the OAuth flow, and pages in the platform's frame.
//!
//! - [`WebhookEndpoint`] is a service for one route: it verifies, stores and answers. Mount it with
//!   `Router::route_service`.
//! - [`HandlerEndpoint`] is a service for one route: it hands deliveries of one kind to a function.
//! - [`VerifiedWebhook`] is an extractor: a handler takes `VerifiedWebhook<ApplicationApproved>`.
//! - [`RawWebhook`] is an extractor of the verified bytes, for handlers that parse the body themselves.
//! - [`VerifyLayer`] verifies in front of any other route, then passes the whole request on.
//! - [`AuthorizationFlow`] begins and finishes an authorization. The pending authorization travels in a sealed cookie, one
//!   for each flow, so that several tabs can connect at once and the server keeps no state for browsers that never return.
//! - [`FrameAncestors`], [`WebviewSessions`] and [`WebviewCookie`] serve pages that the platform shows in a frame.
//! - [`SameOrigin`] refuses forms that another site sends. [`LocalPath`] is where a redirect may lead.
//!
//! The flow and the sessions take [`http::request::Parts`], which axum extracts, and return `http::Response<String>`, which
//! axum sends.
//!
//! # Handlers without our extractors
//! Behind the layer every request is genuine, and axum's own extractors can read the body:
//!
//! ```
//! use axum::{Extension, Json, Router, http::StatusCode, routing::post};
//! use revento_axum::{VerifiedDelivery, VerifyLayer};
//! use revento_webhooks::Verifier;
//!
//! async fn receive(
//!     Extension(delivery): Extension<VerifiedDelivery>,
//!     Json(event): Json<serde_json::Value>,
//! ) -> StatusCode {
//!     println!("{}, signed at {}", event["type"], delivery.timestamp());
//!     StatusCode::OK
//! }
//!
//! let verifier = Verifier::new("whsec_example_secret")?;
//! let app: Router = Router::new().route("/webhooks", post(receive)).layer(VerifyLayer::new(verifier));
//! # Ok::<(), revento_webhooks::SecretError>(())
//! ```
//!
//! This crate depends on axum-core alone, so it works with every version of axum that uses the same axum-core.

mod browser;
mod flow;
mod recent;
mod response_parts;
mod sealed_cookies;
mod webhook;
mod webview;

pub use browser::{LocalPath, LocalPathError, OriginError, SameOrigin, SameOriginService};
pub use flow::{
    AuthorizationFlow, ExchangeLimits, FinishedAuthorization, FlowError, FlowHeaders, FlowOutcome,
};
pub use revento_tower::{
    FromDelivery, Handler, HandlerEndpoint, Rejection, RequestVerifier, Unavailable, VerifiedDelivery,
    VerifyLayer, WebhookEndpoint, WebhookRoute,
};
pub use webhook::{RawWebhook, VerifiedWebhook, WebhookRejection};
pub use webview::{
    CookieError, FrameAncestors, FrameAncestorsService, SignInError, WebviewCookie, WebviewSession,
    WebviewSessions,
};

/// The README's code compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
