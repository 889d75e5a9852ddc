//! The client of Revento integrations: connections that stay alive, and the read API.
//!
//! Build one [`Client`] for each integration and clone it freely. It gives out clients for one event ([`EventClient`])
//! and for one signed-in participant ([`UserClient`]). They are two types because an installation token cannot replace a
//! user token.
//!
//! The client refreshes a token before it expires, once for all callers, and stores the new pair before it uses it. A
//! connection that has ended is a typed error and costs no call. The state machine is [`revento_oauth::refresh`].
//!
//! # Reads
//! Every read waits for its turn in the token's three budgets ([`Pacing`]), in the order of the calls. Replicas can share
//! the budgets through a [`BudgetStore`](revento_store::BudgetStore). A read is repeated where that is safe and
//! useful ([`Retry`]). An [`Error`] says who is at fault, what was tried and what to do. Lists are streams of
//! [items](List::stream) or [pages](List::pages); a [`Bookmark`] is the place to resume from after a restart.
//!
//! ```
//! # use revento_api::{Client, Pacing, Retry};
//! # use revento_core::{Scopes, resource::ApplicationStatus};
//! # use revento_oauth::{AuthorizationRequest, Endpoints, Integration};
//! # use revento_sandbox::{ConsentDecision, Sandbox};
//! # use revento_seal::{KeyRing, SealingKey};
//! # use revento_store::memory::MemoryTokens;
//! # use revento_transport_reqwest::ReqwestTransport;
//! use futures_util::TryStreamExt;
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let callback = "http://localhost:3000/callback";
//! # let sandbox = Sandbox::builder().redirect_uri(callback).start().await?;
//! # let info = sandbox.info();
//! # let integration = Integration::new(Endpoints::sandbox(&info.auth_base)?, info.client_id.as_str(), callback)?
//! #     .with_secret(info.client_secret.as_str());
//! let client = Client::builder(integration)
//!     .transport(ReqwestTransport::new()?)
//!     .store(MemoryTokens::new())
//!     .sealer(KeyRing::new(SealingKey::from_bytes([7; 32])))
//!     .pacing(Pacing::default().longest_queue(1000))
//!     .retry(Retry::default().attempts(3))
//!     .build()?;
//! # let scopes = Scopes::parse("event.read participants.read");
//! # let begun = client.begin_authorization(&AuthorizationRequest { event_id: "evt_test_published".into(), scopes })?;
//! # let went = sandbox.authorize(&begun.url, ConsentDecision::Authorize).await?;
//! # let query = went.split_once('?').map_or("", |(_, query)| query);
//! # client.finish_authorization(begun.pending.callback(query, client.now())?).await?;
//!
//! let event = client.event("evt_test_published");
//! let mut people = event.participants().status(ApplicationStatus::Approved).stream();
//! while let Some(person) = people.try_next().await? {
//!     println!("{:?}, resume at {}", person.name, people.bookmark());
//! }
//! assert_eq!(people.progress().has_more, false);
//!
//! // An endpoint without a type of its own, with the same token, pacing and errors.
//! let raw = event.raw("/events/evt_test_published").await?;
//! let value: serde_json::Value = raw.json()?;
//! assert_eq!(value["publish_status"], "published");
//! # Ok(()) }
//! ```
//!
//! # Workers
//! Run [`Client::background`] once for each client: it finishes refreshes whose callers have gone away, and refreshes
//! connections that nobody uses before their 90 days are over. The client itself starts no task.
//!
//! # Spans and metrics
//! Spans and their fields have OpenTelemetry's names: `revento.read` around each read (connection, delivery, last request
//! id), `revento.http` around each request. `error.type` has few values: the status of an answer, otherwise
//! [`ErrorKind::as_str`](revento_core::error::ErrorKind::as_str). The feature `metrics` counts with the crate `metrics`. Install
//! the recorder before you build the client.
//!
//! | name | kind | labels |
//! |---|---|---|
//! | `revento_requests_total` | counter | `url_template`, `http_request_method`, `http_response_status_code` when answered, `error_type` when failed |
//! | `revento_request_seconds` | histogram | `url_template` |
//! | `revento_retries_total` | counter | `url_template`, `reason` |
//! | `revento_pacing_wait_seconds` | histogram | |
//! | `revento_budget_remaining` | histogram, one value for each answer | `limit`: `hour`, `minute`, `in_flight` |
//! | `revento_refreshes_total` | counter | `outcome`: `issued`; `rejected` ends the connection; `refused`, `unreadable`, `never_sent`, `lost` |
//! | `revento_unsaved_token_pairs_total` | counter: a new token pair could not be stored, and stayed in memory | |
//! | `revento_token_expiry_seconds` | histogram, one value for each request | |
//!
//! # Features
//! | feature | what it adds |
//! |---|---|
//! | `metrics` | the metrics above, through the crate `metrics` |
//!
//! # What it does not do
//! It writes nothing to the platform, which has no write endpoints. It caches no data: `revento-mirror` keeps a copy. It starts no task and reads no
//! environment variable. It has no HTTP client, store or encryption of its own: choose a [transport](https://docs.rs/revento-transport), a
//! [store](https://docs.rs/revento-store) and a [sealer](https://docs.rs/revento-seal); the crate `revento` has them all. The page
//! [tokens](https://github.com/revento/revento-rs/blob/main/docs/tokens.md) says what a lost answer to a refresh means, and what an operator does about it.
//!
//! # Stability
//! It needs Rust 1.95 or later, and only a new minor version raises that. All crates of the SDK have one version and follow
//! [semantic versioning](https://semver.org): before 1.0, only a new minor version breaks programs. The
//! [changelog](https://github.com/revento/revento-rs/blob/main/CHANGELOG.md) says what to change.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod auth;
mod builder;
mod client;
mod connections;
mod endpoints;
pub mod error;
mod executor;
mod http;
mod idle_map;
mod lifecycle;
mod limiter;
mod runtime;
mod sealed_tokens;
mod session;
mod tasks;
mod token_endpoint;
mod url;
mod workers;

pub use builder::ClientBuilder;
pub use client::Client;
pub use endpoints::{
    Bookmark, EventClient, Installations, Items, List, OnBadItem, Pages, ParseBookmarkError, Participants,
    Progress, Raw, UserClient,
};
pub use error::{ApplyWebhookError, ConnectError, Error, SessionError};
pub use executor::Retry;
pub use idle_map::MemoryUse;
pub use limiter::Pacing;
pub use runtime::Timer;
pub use session::ScopesChanged;
pub use workers::{Background, ConsentEnding, RefreshIdle};
