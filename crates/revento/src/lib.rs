//! The SDK for Revento integrations.
//!
//! An organizer connects your integration to one event. From then on you read the event's data and
//! receive its webhooks; the SDK refreshes the tokens, paces the calls and verifies the webhooks.
//! This crate re-exports the other crates and adds no code of its own. Depend on a single crate
//! instead if you need only that one.
//!
//! ```
//! # use revento::oauth::Endpoints;
//! # use revento_sandbox::{ConsentDecision, Sandbox};
//! # use revento::store::memory::{MemoryInbox, MemoryTokens};
//! use futures_util::TryStreamExt;
//! use revento::{AuthorizationRequest, Client, Handlers, Inbox, Integration, KeyRing, ReqwestTransport, SealingKey, Webhook, kind};
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (callback, store, inbox_store) = ("http://localhost:3000/callback", MemoryTokens::new(), MemoryInbox::new());
//! # let sandbox = Sandbox::builder().redirect_uri(callback).start().await?;
//! # let info = sandbox.info();
//! # let (client_id, secret, endpoints) = (info.client_id.as_str(), info.client_secret.as_str(), Endpoints::sandbox(&info.auth_base)?);
//! # let stop = || std::future::pending();
//! // Once, when the program starts.
//! let sealer = std::sync::Arc::new(KeyRing::new(SealingKey::from_bytes([7; 32])));
//! let integration = Integration::new(endpoints, client_id, callback)?.with_secret(secret);
//! let client = Client::builder(integration)
//!     .transport(ReqwestTransport::new()?)
//!     .store(store)
//!     .sealer(sealer.clone())
//!     .build()?;
//! tokio::spawn(client.background().run(stop()));
//!
//! // An organizer connects an event: the page sends the browser to the platform, and the browser comes back with a query.
//! let scopes = revento::Scopes::parse("event.read participants.read");
//! let begun = client.begin_authorization(&AuthorizationRequest { event_id: "evt_test_published".into(), scopes })?;
//! # let went = sandbox.authorize(&begun.url, ConsentDecision::Authorize).await?;
//! # let query = went.split_once('?').map_or("", |(_, query)| query);
//! client.finish_authorization(begun.pending.callback(query, client.now())?).await?;
//!
//! // Read. The client refreshes tokens, waits for the rate limits and follows the pages.
//! let mut people = client.event("evt_test_published").participants().stream();
//! while let Some(person) = people.try_next().await? {
//!     println!("{}: {}", person.id, person.application_status);
//! }
//!
//! // Handle webhooks: the route of your framework stores them in the inbox, the runner handles them.
//! let inbox = Inbox::builder(inbox_store, sealer).build();
//! let handlers = Handlers::new().on(|webhook: Webhook<kind::ApplicationApproved>| async move {
//!     println!("approved: {}", webhook.data.id);
//!     Ok(())
//! });
//! tokio::spawn(inbox.runner(handlers).run(stop()));
//! # Ok(()) }
//! ```
//!
//! The [guide](https://github.com/revento/revento-rs/blob/main/docs/guide) has a chapter for each task. On docs.rs it is the module `guide`, too.
//! Whole programs are in the [examples](https://github.com/revento/revento-rs/blob/main/examples/service).
//!
//! # The crate root
//! The types that a complete integration names are at the root, so that one `use` line brings them:
//! [`Client`], [`Integration`], [`Verifier`], [`Inbox`], [`Handlers`], [`KeyRing`], a store and a
//! transport. The types that need more context are in the modules.
//!
//! | module | what is in it |
//! |---|---|
//! | [`api`] | the API client: connections, token refresh, reads, pages, retries, rate limits |
//! | [`webhooks`] | the webhook verifier: no I/O, about a dozen dependencies |
//! | [`inbox`] | the webhook inbox: store, acknowledge, handle once, retry |
//! | [`store`] | the storage traits, to implement for your own database |
//! | [`seal`] | encryption of the secrets that stores keep |
//! | [`transport`] | the HTTP trait, to implement for your own HTTP client, and test doubles |
//! | [`oauth`] | the OAuth state machines: authorization, code exchange, refresh |
//! | [`web`] | pages for people: the OAuth flow, sessions in the platform's frame, same-origin checks (feature `web`) |
//! | [`types`] | ids, scopes, times, resources, webhook envelopes, errors |
//! | [`kind`] | one type for each kind of webhook, for handlers and extractors |
//!
//! # Features
//! A feature adds a module or a type and changes nothing else. `axum`, `reqwest` and `sqlite` are on
//! by default.
//!
//! | feature | what it adds |
//! |---|---|
//! | `axum` | `revento::with_axum`: the webhook route and the pages of `web` for axum |
//! | `actix` | `revento::with_actix`: the webhook route and the pages of `web` for actix-web |
//! | `web` | [`web`]: the OAuth flow, sessions in the platform's frame, and same-origin checks for any web framework, over the types of the crate `http`; `axum`, `actix` and `tower` bring it along |
//! | `tower` | `revento::with_tower`: the webhook endpoint and the pages of `web` as tower services; and any such service as a [`Transport`](transport::Transport) |
//! | `reqwest` | `revento::transport_reqwest`: the HTTP transport on reqwest, `ReqwestTransport` |
//! | `reqwest-bare` | the same without HTTP/2, and without a cryptography provider: the program installs one of rustls, for example ring, which builds a minute faster than the default aws-lc-rs |
//! | `hyper` | `revento::transport_hyper`: the HTTP transport on hyper, with fewer dependencies, and with Unix sockets, `HyperTransport` |
//! | `sqlite` | `revento::store_sqlite`: everything in one SQLite file, `SqliteStore` |
//! | `postgres` | `revento::store_postgres`: everything in PostgreSQL, for several replicas, `PostgresStore` |
//! | `mysql` | `revento::store_mysql`: everything in MySQL or MariaDB, for several replicas, `MySqlStore` |
//! | `redis` | `revento::store_redis`: tokens, use-once marks and the shared rate budget in Redis, for several replicas, `RedisStore` |
//! | `mirror` | `revento::mirror`: a copy of participants and activities that stays in sync, `Mirror`; with `sqlite` and `postgres` its tables, `store_sqlite::SqliteMirror` and `store_postgres::PostgresMirror` |
//! | `nats` | `revento::store_nats`: everything on NATS JetStream, for several replicas and a cluster of servers, `NatsStore` |
//! | `metrics` | metrics through the crate `metrics` |
//! | `jiff`, `chrono`, `time` | conversions of [`Timestamp`] to and from the times of these crates |
//! | `test-util` | for tests: an `example()` of each resource and webhook, with a setter for each field |
//! | `testkit` | for tests: `revento::testkit`, the conformance suites for your own stores, and the suite for your own transports |
//! | `recording` | for tests: test doubles that record HTTP exchanges and replay them |
//!
//! # What it does not do
//! It writes nothing to the platform, which has no write endpoints. It starts no task and reads no environment variable: workers are futures that you
//! spawn, and settings are arguments. It has no web server, no sessions of your own users and no pages. It does not handle a delivery exactly once
//! if a process dies between the work of a handler and its completion; [`inbox`] says what a handler does about it.
//! [ARCHITECTURE.md](https://github.com/revento/revento-rs/blob/main/ARCHITECTURE.md) says how the crates fit together.
//!
//! # Stability
//! It needs Rust 1.95 or later, and only a new minor version raises that. All crates of the SDK have one version and follow
//! [semantic versioning](https://semver.org): before 1.0, only a new minor version breaks programs. The
//! [changelog](https://github.com/revento/revento-rs/blob/main/CHANGELOG.md) says what to change.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub use revento_api::{Client, Error, Retry};
pub use revento_core::{EventType, Scope, Scopes, Timestamp, error::ErrorKind, kind};
pub use revento_inbox::{HandlerError, Handlers, Inbox, Webhook};
#[cfg(feature = "mirror")]
pub use revento_mirror::Mirror;
pub use revento_oauth::{AuthorizationRequest, Endpoints, Integration};
pub use revento_seal::{KeyRing, SealingKey};
#[cfg(feature = "mysql")]
pub use revento_store_mysql::MySqlStore;
#[cfg(feature = "nats")]
pub use revento_store_nats::NatsStore;
#[cfg(feature = "postgres")]
pub use revento_store_postgres::PostgresStore;
#[cfg(feature = "redis")]
pub use revento_store_redis::RedisStore;
#[cfg(feature = "sqlite")]
pub use revento_store_sqlite::SqliteStore;
#[cfg(feature = "hyper")]
pub use revento_transport_hyper::HyperTransport;
#[cfg(feature = "reqwest-bare")]
pub use revento_transport_reqwest::ReqwestTransport;
pub use revento_webhooks::Verifier;

pub use revento_api as api;
pub use revento_core as types;
pub use revento_inbox as inbox;
#[cfg(feature = "mirror")]
pub use revento_mirror as mirror;
pub use revento_oauth as oauth;
pub use revento_seal as seal;
pub use revento_store as store;
pub use revento_transport as transport;
#[cfg(feature = "web")]
pub use revento_web as web;
pub use revento_webhooks as webhooks;

#[cfg(feature = "mysql")]
pub use revento_store_mysql as store_mysql;
#[cfg(feature = "nats")]
pub use revento_store_nats as store_nats;
#[cfg(feature = "postgres")]
pub use revento_store_postgres as store_postgres;
#[cfg(feature = "redis")]
pub use revento_store_redis as store_redis;
#[cfg(feature = "sqlite")]
pub use revento_store_sqlite as store_sqlite;
#[cfg(feature = "testkit")]
pub use revento_store_testkit as testkit;
#[cfg(feature = "hyper")]
pub use revento_transport_hyper as transport_hyper;
#[cfg(feature = "reqwest-bare")]
pub use revento_transport_reqwest as transport_reqwest;

#[cfg(feature = "actix")]
pub use revento_actix as with_actix;
#[cfg(feature = "axum")]
pub use revento_axum as with_axum;
#[cfg(feature = "tower")]
pub use revento_tower as with_tower;

// Only rustdoc reads it.
#[cfg(all(
    doc,
    feature = "axum",
    feature = "mirror",
    feature = "reqwest",
    feature = "sqlite",
    feature = "testkit",
    feature = "tower",
    feature = "web"
))]
#[cfg_attr(docsrs, doc(auto_cfg = false))]
pub mod guide;

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
