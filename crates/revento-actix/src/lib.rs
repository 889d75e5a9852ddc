//! Revento webhooks in actix-web services.
//!
//! ```
//! use actix_web::{App, HttpResponse, web};
//! use revento_actix::{RequestVerifier, VerifiedWebhook};
//! use revento_core::kind::ApplicationApproved;
//! use revento_webhooks::Verifier;
//!
//! async fn approved(webhook: VerifiedWebhook<ApplicationApproved>) -> HttpResponse {
//!     println!("{} is approved", webhook.data().id);
//!     HttpResponse::Ok().finish()
//! }
//!
//! let verifier = RequestVerifier::new(Verifier::new("whsec_example_secret")?);
//! let app = App::new()
//!     .app_data(web::Data::new(verifier))
//!     .route("/webhooks", web::route().to(approved));
//! # let _ = app;
//! # Ok::<(), revento_webhooks::SecretError>(())
//! ```
//!
//! A request that is not verified never reaches the handler. With [`handler_route`], a handler that takes something unverified does not
//! compile.
//!
//! - [`inbox_route`] verifies deliveries, stores them in an inbox, and answers 200 when they are stored.
//! - [`handler_route`] verifies deliveries and hands those of one kind to a function, within the request.
//! - [`webhook_resource`] mounts them for a path, with or without a slash at its end.
//! - [`VerifiedWebhook`] is an extractor: a handler takes `VerifiedWebhook<ApplicationApproved>`.
//! - [`RawWebhook`] is an extractor of the verified bytes, for handlers that parse the body themselves.
//! - [`VerifyMiddleware`] verifies in front of any other handler, then passes the whole request on.
//!
//! The feature `web`, which is on by default, adds the pages for people from `revento-web`: `AuthorizationFlow`, `WebviewSessions`,
//! `SameOrigin`, `FrameAncestors`. They take and return the types of the crate `http`: `Browser` extracts the head of a request,
//! `flow_response` sends a response, and `FlowRejection` is the error. `authorization_routes` mounts whole flows.
//! `SameOriginMiddleware` and `FrameAncestorsMiddleware` wrap resources.
//!
//! actix-web's server ends a connection if the head of a request takes more than 5 s
//! ([`HttpServer::client_request_timeout`](actix_web::HttpServer::client_request_timeout)). The [`RequestVerifier`] limits the
//! body.
//!
//! All of them use a [`RequestVerifier`]. They answer what it rejects with a [`Rejection`], logged as one `tracing` event
//! without secrets. They behave as the adapters for tower and axum do.
//!
//! # Features
//! | feature | what it adds |
//! |---|---|
//! | `web` | on by default: the OAuth flow, the sessions and the checks of `revento-web` |
//! | `metrics` | rejected webhooks are counted, through the crate `metrics` |
//!
//! # What it does not do
//! It has no server and no pages: the routes and what they show are yours. It stores no deliveries itself (give [`inbox_route`] an inbox). A whole
//! service with the consent flow is [`examples/actix-service`](https://github.com/revento/revento-rs/blob/main/examples/actix-service).
//!
//! # Stability
//! It needs Rust 1.95 or later, and only a new minor version raises that. All crates of the SDK have one version and follow
//! [semantic versioning](https://semver.org): before 1.0, only a new minor version breaks programs. The
//! [changelog](https://github.com/revento/revento-rs/blob/main/CHANGELOG.md) says what to change.

mod extractors;
mod handler_route;
mod inbox_route;
mod middleware;
mod rejection;
mod resource;
mod verify;
#[cfg(feature = "web")]
mod web;

pub use extractors::{RawWebhook, VerifiedWebhook};
pub use handler_route::handler_route;
pub use inbox_route::inbox_route;
pub use middleware::{VerifyMiddleware, VerifyService};
pub use rejection::WebhookRejection;
pub use resource::webhook_resource;
pub use revento_tower::{
    FromDelivery, Handler, Rejection, RequestVerifier, Unavailable, VerifiedDelivery, WebhookEndpoint,
};
#[cfg(feature = "web")]
#[doc(inline)]
pub use revento_web::*;
#[cfg(feature = "web")]
pub use web::{
    Browser, FlowRejection, FrameAncestorsMiddleware, FrameAncestorsMiddlewareService, SameOriginMiddleware,
    SameOriginMiddlewareService, authorization_routes, copy_headers, flow_response, with_flow_headers,
};
