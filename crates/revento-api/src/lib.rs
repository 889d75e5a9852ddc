//! The Revento client: connections that stay alive, and the read API.
//!
//! A [`Client`] is made once and cloned freely. It knows the integration, a transport, a token store
//! and a sealer, and gives out clients for one event ([`EventClient`]) or one signed-in participant
//! ([`UserClient`]): two types, because their tokens cannot stand in for each other.
//!
//! Tokens are refreshed before they end, once, however many callers wait; a new pair is stored
//! before it is used; what the platform has ended is a typed error that costs no call. The machine
//! behind it is [`revento_oauth::refresh`].
//!
//! # Reading
//! Every read waits for its turn in the token's three budgets ([`Pacing`]), first come, first served, alone or together
//! with all replicas that share a [`BudgetStore`](revento_store::BudgetStore). It is repeated where that is safe and
//! useful ([`Retry`]), and its [`Error`] says whose doing it was, what was tried and what to do. Lists are streams of
//! [items](List::stream) or [pages](List::pages) with a [`Bookmark`] to go on from after a restart.
//!
//! ```
//! # use std::sync::Arc;
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
//! # let (http, store) = (Arc::new(ReqwestTransport::new()?), Arc::new(MemoryTokens::new()));
//! # let sealer = Arc::new(KeyRing::new(SealingKey::from_bytes([7; 32])));
//! # let api_base = info.api_base.clone();
//! let client = Client::builder(integration).transport(http).store(store).sealer(sealer)
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
//!     println!("{:?}, up to {}", person.name, people.bookmark());
//! }
//! assert_eq!(people.progress().has_more, false);
//!
//! // What has no type of its own, with the same token, pacing and errors.
//! let raw = event.raw("/events/evt_test_published").await?;
//! let value: serde_json::Value = raw.json()?;
//! assert_eq!(value["publish_status"], "published");
//! # Ok(()) }
//! ```
//!
//! # Watching
//! Spans bear OpenTelemetry's names: `revento.read` around each read (connection, delivery, last request id), and
//! `revento.http` around each request. With the feature `metrics` these are counted by the crate `metrics`:
//!
//! | name | kind | labels |
//! |---|---|---|
//! | `revento_requests_total` | counter | `url_template`, `status` (0: no answer) |
//! | `revento_request_seconds` | histogram | `url_template` |
//! | `revento_retries_total` | counter | `url_template`, `reason` |
//! | `revento_pacing_wait_seconds` | histogram | |
//! | `revento_budget_left` | histogram, one value for each answer | `window`: `hour`, `minute`, `in_flight` |
//! | `revento_refreshes_total` | counter | `outcome` |
//! | `revento_token_expiry_seconds` | histogram, one value for each request | |
//!
//! # What has to run
//! Spawn [`Client::background`] once per process: it drives refreshes to their end when the callers
//! that began them have gone away. Spawn [`Client::keep_alive`] where connections can be idle for
//! months. Nothing else here runs by itself.

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
    Bookmark, EventClient, Installations, Items, List, Pages, ParseBookmarkError, Participants, Progress,
    Raw, UserClient,
};
pub use error::{ConnectError, Error, SessionError};
pub use executor::Retry;
pub use idle_map::MemoryUse;
pub use limiter::Pacing;
pub use runtime::Timer;
pub use session::ScopesChanged;
pub use workers::{Background, ConsentEnding, RefreshIdle};

/// The README's code compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
