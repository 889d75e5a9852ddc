//! OAuth for Revento, as state machines without I/O, clock or randomness.
//!
//! - [`authorize`] builds the URL for the browser, and the [`PendingAuthorization`] to keep until it returns.
//! - [`callback`] reads what the browser brings back.
//! - [`exchange`] turns a code into a connection, and refuses tokens that are bound to something else (invariant T4).
//! - [`refresh`] refreshes tokens, and never sends a one-time refresh token twice by accident (invariants T1 to T3).
//! - [`lifecycle`] applies webhooks and answers to a connection (invariant T8).
//!
//! The caller passes `now` and random bytes in, and gets the next step out. `revento-api` is such a caller; a simulation and
//! a model checker are others.
//!
//! ```
//! use revento_core::{Scope, Scopes, Timestamp};
//! use revento_oauth::{AuthorizationRequest, Endpoints, Integration, authorize};
//!
//! let integration = Integration::new(Endpoints::production(), "client_1", "https://app.example/callback")?
//!     .with_secret("from the developer console");
//! let request = AuthorizationRequest {
//!     event_id: "evt_1".into(),
//!     scopes: Scopes::from([Scope::EventRead, Scope::ParticipantsRead]),
//! };
//! # let (random, now) = ([7; 64], Timestamp::UNIX_EPOCH);
//! let started = authorize::begin(&integration, &request, &random, now);
//! assert!(started.url.starts_with("https://auth.revento.example/oauth/authorize?response_type=code&"));
//! // Keep `started.pending` bound to this browser, send it to `started.url`, and when it comes back:
//! # let query = "error=access_denied&state=x";
//! let outcome = started.pending.callback(query, now);
//! # assert!(outcome.is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//! It has no Cargo features.
//!
//! # What it does not do
//! No I/O, no clock, no randomness. It sends no request, stores no token and has no route: [`revento-api`](https://docs.rs/revento-api) runs these
//! machines for most programs, and the adapters have the routes. It is no general OAuth client: it has the rules of the Revento platform.
//!
//! # Stability
//! It needs Rust 1.95 or later, and only a new minor version raises that. All crates of the SDK have one version and follow
//! [semantic versioning](https://semver.org): before 1.0, only a new minor version breaks programs. The
//! [changelog](https://github.com/revento/revento-rs/blob/main/CHANGELOG.md) says what to change.

pub mod authorize;
pub mod callback;
mod config_error;
mod endpoints;
pub mod exchange;
mod integration;
pub mod lifecycle;
mod pkce;
pub mod refresh;
pub mod token;

pub use authorize::{AuthorizationRequest, PendingAuthorization, StartedAuthorization};
pub use callback::{CallbackError, CodeGrant};
pub use config_error::ConfigError;
pub use endpoints::Endpoints;
pub use exchange::ExchangeError;
pub use integration::Integration;
pub use token::{TokenAnswer, TokenPair, TokenRequest};
