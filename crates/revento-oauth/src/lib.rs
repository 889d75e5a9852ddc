//! OAuth for Revento, as machines without I/O, clock or randomness.
//!
//! - [`authorize`]: where to send the browser, and the [`PendingAuthorization`] to keep meanwhile;
//! - [`callback`]: what came back, with an outcome for every combination of parameters;
//! - [`exchange`]: a code for a pair of tokens, refused when it is bound to something else (T4);
//! - [`refresh`]: the machine that never spends a one-time refresh token blindly (T1 to T3);
//! - [`lifecycle`]: what webhooks and answers do to a connection, in any order and repetition (T8).
//!
//! The caller passes `now` and random bytes in, and is told what to do next. `revento-api` is such a
//! caller; a simulation or a model checker is another.
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
//! let begun = authorize::begin(&integration, &request, &random, now);
//! assert!(begun.url.starts_with("https://auth.revento.example/oauth/authorize?response_type=code&"));
//! // Keep `begun.pending` bound to this browser, send it to `begun.url`, and when it comes back:
//! # let query = "error=access_denied&state=x";
//! let outcome = begun.pending.callback(query, now);
//! # assert!(outcome.is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
