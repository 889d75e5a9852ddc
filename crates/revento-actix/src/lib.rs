//! Revento webhooks in actix-web services.
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

/// The README's code compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
