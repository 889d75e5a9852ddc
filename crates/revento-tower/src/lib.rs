//! Revento webhooks in any HTTP server that uses tower.
//!
//! | purpose | type |
//! |---|---|
//! | store each delivery before the platform gets its answer | [`WebhookEndpoint`], a service for one route |
//! | handle deliveries within the request | [`HandlerEndpoint`], a service for one route |
//! | mount one of them for a path, with or without a slash at its end | [`WebhookRoute`] |
//! | keep the handlers of your framework | [`VerifyLayer`]: verifies, then passes the whole request on |
//! | write an adapter for another framework | [`RequestVerifier`] |
//!
//! The feature `web`, which is on by default, adds the pages for people from `revento-web`: the OAuth flow, sessions, and the layers
//! `SameOrigin` and `FrameAncestors`.
//!
//! All webhook services use a [`RequestVerifier`]. It accepts a POST whose body arrives in time, is not too large, and has a valid
//! signature. It hashes the body while it arrives, and gives out no byte before the signature is verified. Everything else
//! is a [`Rejection`], logged as one `tracing` event without secrets. Every 401 has the same text; the log has the reason.
//!
//! The body is verified as the server receives it. The platform sends no `Content-Encoding`. A proxy that compresses the
//! body breaks the signature, and so does a layer in front that decompresses what the sender signed compressed. The
//! rejection names the header.
//!
//! The verifier limits the body: 1 MiB, 7 s, and 64 MiB over all bodies that are arriving. How long a client may take for the
//! head of a request, and how many connections there may be, is a setting of the server: with hyper,
//! `http1::Builder::header_read_timeout` and a timer.
//!
//! With the feature `metrics`, the counter `revento_webhook_rejections_total` has the rejections by `http_response_status_code` and
//! `error_type`. Install the recorder before you build the endpoint.
//!
//! ```
//! use revento_core::kind::ApplicationApproved;
//! use revento_tower::{HandlerEndpoint, Unavailable, VerifiedWebhook};
//! use revento_webhooks::Verifier;
//!
//! async fn approved(webhook: VerifiedWebhook<ApplicationApproved>) -> Result<(), Unavailable> {
//!     println!("{} is approved", webhook.data().id);
//!     Ok(())
//! }
//!
//! let service = HandlerEndpoint::new(Verifier::new("whsec_example_secret")?, approved);
//! # Ok::<(), revento_webhooks::SecretError>(())
//! ```
//!
//! # Features
//! | feature | what it adds |
//! |---|---|
//! | `web` | on by default: the OAuth flow, the sessions and the checks of `revento-web` |
//! | `metrics` | rejected webhooks are counted, through the crate `metrics` |
//!
//! # What it does not do
//! It has no server and no router. It stores no deliveries itself: give a [`WebhookEndpoint`] an inbox. It does not limit how many connections there
//! are, or how long a client takes for the head of a request: the server does.
//!
//! # Stability
//! It needs Rust 1.95 or later, and only a new minor version raises that. All crates of the SDK have one version and follow
//! [semantic versioning](https://semver.org): before 1.0, only a new minor version breaks programs. The
//! [changelog](https://github.com/revento/revento-rs/blob/main/CHANGELOG.md) says what to change.

mod endpoint;
mod handler;
mod layer;
mod metrics;
mod rejection;
mod request_verifier;
mod response;
mod route;
mod unverified_bytes;

pub use endpoint::WebhookEndpoint;
pub use handler::{FromDelivery, Handler, HandlerEndpoint, Unavailable};
pub use layer::{VerifyLayer, VerifyService};
pub use rejection::Rejection;
pub use request_verifier::{CheckedHead, RequestVerifier};
pub use response::WebhookResponse;
#[cfg(feature = "web")]
#[doc(inline)]
pub use revento_web::*;
pub use revento_webhooks::{VerifiedDelivery, VerifiedWebhook};
pub use route::{WebhookRoute, WebhookRouteFuture, WebhookRouteService};

/// The error of a request's body, as frameworks have it.
type BoxError = Box<dyn std::error::Error + Send + Sync>;
