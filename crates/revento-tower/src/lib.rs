//! Revento webhooks in any HTTP server that speaks tower.
//!
//! | you want to | take |
//! |---|---|
//! | store each delivery before it is acknowledged | [`WebhookEndpoint`], a service for one route |
//! | handle deliveries right in the request | [`HandlerEndpoint`] |
//! | keep your framework's own handlers | [`VerifyLayer`]: verifies, then puts the body back |
//! | build an adapter of your own | [`Gate`] |
//!
//! All of them let through what [`Gate`] lets through: a POST whose body arrives in time, is not
//! too large, and carries a signature that holds. The body is hashed while it streams in, and nobody
//! sees a byte of it before it is verified. Everything else is a [`Rejection`], logged as one
//! `tracing` event without secrets.
//!
//! A body is verified as the server hands it over. Platform deliveries carry no `Content-Encoding`; a
//! proxy that compresses breaks the signature, and so does a layer in front that decompresses what
//! was signed compressed.
//!
//! ```
//! use revento_core::kind::ApplicationApproved;
//! use revento_tower::{Gate, HandlerEndpoint, Unavailable, Webhook};
//! use revento_webhooks::Verifier;
//!
//! async fn approved(webhook: Webhook<ApplicationApproved>) -> Result<(), Unavailable> {
//!     println!("{} is in", webhook.data().id);
//!     Ok(())
//! }
//!
//! let gate = Gate::new(Verifier::new("whsec_example")?);
//! let service = HandlerEndpoint::new(gate, approved);
//! # Ok::<(), revento_webhooks::SecretError>(())
//! ```

mod endpoint;
mod gate;
mod handler;
mod layer;
mod rejection;
mod webhook;

pub use endpoint::WebhookEndpoint;
pub use gate::{Gate, Opened};
pub use handler::{FromDelivery, Handler, HandlerEndpoint, Unavailable};
pub use layer::{Verify, VerifyLayer};
pub use rejection::Rejection;
pub use webhook::{Delivery, Webhook};

/// What the services of this crate answer with.
pub type Answer = http::Response<http_body_util::Full<bytes::Bytes>>;

/// The README's code compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
