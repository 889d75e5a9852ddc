//! Revento in a browser, for every web framework: OAuth flows, sessions in the platform's frame, same-origin checks.
//!
//! Everything here takes the head of a request ([`http::request::Parts`]) and returns an [`http::Response`], so that it works in
//! every framework. `revento-axum`, `revento-actix` and `revento-tower` re-export it and add what their framework has of its own.
//!
//! - [`AuthorizationFlow`] begins and finishes an authorization. The pending authorization travels in a sealed cookie, one
//!   for each flow, so that several tabs can connect at once and the server keeps no state for browsers that never return.
//! - [`AuthorizationRoutes`] mounts the flows: the connect page, the login and the callback, each at its path.
//! - [`WebviewSessions`] keeps participants signed in on pages that the platform shows in a frame, and [`WebviewCookie`] is the
//!   cookie for sessions of your own.
//! - [`FrameAncestors`] says who may show a page in a frame. [`SameOrigin`] refuses forms that another site sends. Both are tower layers, too.
//! - [`LocalPath`] is where a redirect may lead.
//!
//! # A framework without an adapter
//! Give the head of its request to the method, and send the response:
//!
//! ```
//! use http::{Request, Response};
//! use revento_core::{Scope, Scopes};
//! use revento_web::AuthorizationFlow;
//!
//! async fn connect<B>(flow: AuthorizationFlow, request: Request<B>) -> Response<String> {
//!     let (head, _) = request.into_parts();
//!     let begun = flow.begin_from_panel(&head, Scopes::from([Scope::EventRead])).await;
//!     begun.unwrap_or_else(|error| error.to_response())
//! }
//! ```
//!
//! # Features
//! It has no Cargo features.
//!
//! # What it does not do
//! It has no server, no router and no pages: what people see is yours. It keeps no sessions of organizers, only of participants in the platform's
//! frame. It does not receive webhooks: the adapters and `revento-tower` do.
//!
//! # Stability
//! It needs Rust 1.95 or later, and only a new minor version raises that. All crates of the SDK have one version and follow
//! [semantic versioning](https://semver.org): before 1.0, only a new minor version breaks programs. The
//! [changelog](https://github.com/revento/revento-rs/blob/main/CHANGELOG.md) says what to change.

mod browser;
mod flow;
mod recent;
mod routes;
mod sealed_cookies;
mod webview;

pub use browser::{LocalPath, LocalPathError, OriginError, SameOrigin, SameOriginService, redirect};
pub use flow::{
    AuthorizationFlow, ExchangeLimits, FinishedAuthorization, FlowError, FlowHeaders, FlowOutcome,
};
pub use routes::{AuthorizationRoutes, AuthorizationRoutesService};
pub use webview::{
    CookieError, FrameAncestors, FrameAncestorsService, SignInError, WebviewCookie, WebviewSession,
    WebviewSessions,
};
