//! Revento webhooks in actix-web services.
//!
//! - [`route`] verifies deliveries, stores them in an inbox, and answers 200 once they are stored.
//! - [`handler`] verifies deliveries and hands those of one kind to a function, right in the request.
//! - [`Webhook`] is an extractor: a handler takes `Webhook<ApplicationApproved>`, and gets it verified.
//! - [`Genuine`] is an extractor too: of the verified bytes, for who parses by themselves.
//! - [`Verify`] is a middleware that verifies in front of any other handler, and puts the body back.
//!
//! All of them let through what [`Gate`] lets through, and answer the rest with a [`Rejection`], logged as
//! one `tracing` event without secrets. They behave as the adapters for tower and axum do.

mod extract;
mod handler;
mod middleware;
mod rejection;
mod route;

pub use extract::{Genuine, Webhook};
pub use handler::handler;
pub use middleware::{Verify, VerifyService};
pub use rejection::WebhookRejection;
pub use revento_tower::{Delivery, FromDelivery, Gate, Handler, Rejection, Unavailable, WebhookEndpoint};
pub use route::route;

use actix_web::{HttpRequest, dev::Payload, http::header};

/// Reads a request to its end and verifies it.
async fn admit(gate: &Gate, request: &HttpRequest, payload: Payload) -> Result<Delivery, Rejection> {
    let headers = request.headers();
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let opened = gate.open(request.method().as_str(), headers, announced)?;
    gate.collect(opened, payload).await
}

/// The README's code compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
