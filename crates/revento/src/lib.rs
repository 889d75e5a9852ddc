//! The SDK for Revento integrations.
//!
//! An organizer connects your integration to one event. From then on you read the event's data and
//! receive its webhooks; the SDK refreshes the tokens, paces the calls and verifies the webhooks.
//! This crate re-exports the other crates and adds no code of its own. Depend on a single crate
//! instead if you need only that one.
//!
//! The guide is the module `guide` (on docs.rs, or with all features); it has a chapter for each task.
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
