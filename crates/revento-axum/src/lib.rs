//! Revento in axum services: webhooks, the OAuth flow, and pages in the platform's frame.
//!
//! - [`WebhookEndpoint`] is a service for one route: it verifies, stores and answers. Mount it with a [`WebhookRoute`].
//! - [`HandlerEndpoint`] is a service for one route: it hands deliveries of one kind to a function.
//! - [`VerifiedWebhook`] is an extractor: a handler takes `VerifiedWebhook<ApplicationApproved>`.
//! - [`RawWebhook`] is an extractor of the verified bytes, for handlers that parse the body themselves.
//! - [`VerifyLayer`] verifies in front of any other route, then passes the whole request on.
//!
//! The feature `web`, which is on by default, adds the pages for people from `revento-web`:
//!
//! - `AuthorizationFlow` begins and finishes an authorization.
//! - `FrameAncestors`, `WebviewSessions` and `WebviewCookie` serve pages that the platform shows in a frame.
//! - `SameOrigin` refuses forms that another site sends. `LocalPath` is where a redirect may lead.
//!
//! They take [`http::request::Parts`], which axum extracts, and return `http::Response<String>`, which axum sends. `FrameAncestors`
//! and `SameOrigin` are layers. `FlowRejection` is the error of a handler:
//!
//! ```
//! # #[cfg(feature = "web")] mod example {
//! use axum::{extract::State, http::{Response, request::Parts}};
//! use revento_axum::{AuthorizationFlow, FlowOutcome, FlowRejection, LocalPath, redirect};
//! use revento_core::{Scope, Scopes};
//!
//! async fn connect(State(flow): State<AuthorizationFlow>, request: Parts) -> Result<Response<String>, FlowRejection> {
//!     Ok(flow.begin_from_panel(&request, Scopes::from([Scope::EventRead])).await?)
//! }
//!
//! async fn callback(State(flow): State<AuthorizationFlow>, request: Parts) -> Response<String> {
//!     let FlowOutcome { headers, result } = flow.finish(&request).await;
//!     headers.apply(match result {
//!         Ok(_) => redirect(&LocalPath::root()),
//!         Err(error) => error.to_response(),
//!     })
//! }
//! # }
//! ```
//!
//! # Routes
//! axum treats `/webhooks` and `/webhooks/` as two paths. A [`WebhookRoute`] takes both, and every method, so that OPTIONS is
//! answered with 204 and others with 405:
//!
//! ```
//! use axum::Router;
//! use revento_axum::{HandlerEndpoint, Unavailable, VerifiedWebhook, WebhookRoute};
//! use revento_core::kind::ApplicationApproved;
//! use revento_webhooks::Verifier;
//!
//! async fn approved(webhook: VerifiedWebhook<ApplicationApproved>) -> Result<(), Unavailable> {
//!     println!("{} is approved", webhook.data().id);
//!     Ok(())
//! }
//!
//! let endpoint = HandlerEndpoint::new(Verifier::new("whsec_example_secret")?, approved);
//! let app: Router = Router::new().layer(WebhookRoute::new("/webhooks", endpoint));
//! # Ok::<(), revento_webhooks::SecretError>(())
//! ```
//!
//! Add the layer after the last `route`, `merge`, `nest` and `fallback` of the router: axum drops the layers of a router's own
//! 404 there.
//!
//! A handler with an extractor has a route of yours: `routing::any` leaves the method to the extractor. If the platform may
//! know the path with a slash, add it as a second route.
//!
//! # Handlers without our extractors
//! Behind the layer every request is verified, and axum's own extractors can read the body. The layer sets its content type to
//! JSON:
//!
//! ```
//! use axum::{Extension, Json, Router, http::StatusCode, routing::any};
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
//! let app: Router = Router::new().route("/webhooks", any(receive)).layer(VerifyLayer::new(verifier));
//! # Ok::<(), revento_webhooks::SecretError>(())
//! ```
//!
//! # Slow clients
//! The verifier limits the body of a request: its size, its time, and the bytes of all bodies that are arriving. The head of
//! a request belongs to the server, and `axum::serve` waits for it without a limit. hyper's server does not:
//!
//! ```
//! use std::time::Duration;
//!
//! use axum::Router;
//! use hyper::server::conn::http1;
//! use hyper_util::{rt::{TokioIo, TokioTimer}, service::TowerToHyperService};
//! use tokio::net::TcpListener;
//!
//! /// `head_timeout` is also the longest pause between two requests on a connection.
//! async fn serve(listener: TcpListener, app: Router, head_timeout: Duration) {
//!     loop {
//!         let Ok((stream, _)) = listener.accept().await else {
//!             tokio::time::sleep(Duration::from_secs(1)).await; // out of file descriptors
//!             continue;
//!         };
//!         let connection = http1::Builder::new()
//!             .timer(TokioTimer::new())
//!             .header_read_timeout(head_timeout)
//!             .serve_connection(TokioIo::new(stream), TowerToHyperService::new(app.clone()));
//!         tokio::spawn(connection);
//!     }
//! }
//! # use tokio::io::{AsyncReadExt, AsyncWriteExt};
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! #     let listener = TcpListener::bind("127.0.0.1:0").await?;
//! #     let address = listener.local_addr()?;
//! #     tokio::spawn(serve(listener, Router::new(), Duration::from_millis(100)));
//! #     for head in [&b"POST /webhooks HTTP/1.1\r\nHost: x\r\n"[..], b""] {
//! #         let mut slow = tokio::net::TcpStream::connect(address).await?;
//! #         slow.write_all(head).await?;
//! #         let mut rest = Vec::new();
//! #         let cut_off = tokio::time::timeout(Duration::from_secs(20), slow.read_to_end(&mut rest));
//! #         assert!(cut_off.await.is_ok(), "the server still waits");
//! #     }
//! #     Ok::<(), std::io::Error>(())
//! # })?;
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! A proxy in front that reads whole heads does the same. Limit the number of connections there, too.
//!
//! This crate depends on axum-core alone, so it works with every version of axum that uses the same axum-core.
//!
//! # Features
//! | feature | what it adds |
//! |---|---|
//! | `web` | on by default: the OAuth flow, the sessions and the checks of `revento-web` |
//! | `metrics` | rejected webhooks are counted, through the crate `metrics` |
//!
//! # What it does not do
//! It has no server and no pages: the routes and what they show are yours. It stores no deliveries itself (give a [`WebhookEndpoint`] an inbox) and
//! keeps no sessions of organizers. A whole service with the consent flow is [`examples/service`](https://github.com/revento/revento-rs/blob/main/examples/service).
//!
//! # Stability
//! It needs Rust 1.95 or later, and only a new minor version raises that. All crates of the SDK have one version and follow
//! [semantic versioning](https://semver.org): before 1.0, only a new minor version breaks programs. The
//! [changelog](https://github.com/revento/revento-rs/blob/main/CHANGELOG.md) says what to change.

#[cfg(feature = "web")]
mod flow_rejection;
mod webhook;

#[cfg(feature = "web")]
pub use flow_rejection::FlowRejection;
pub use revento_tower::{
    FromDelivery, Handler, HandlerEndpoint, Rejection, RequestVerifier, Unavailable, VerifiedDelivery,
    VerifyLayer, WebhookEndpoint, WebhookRoute,
};
#[cfg(feature = "web")]
#[doc(inline)]
pub use revento_web::*;
pub use webhook::{RawWebhook, VerifiedWebhook, WebhookRejection};
