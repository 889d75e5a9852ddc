//! The SDK for Revento integrations.
//!
//! An organizer connects your integration to one event; you read the event's data, receive its
//! webhooks, and never think about tokens again. This crate re-exports the layers and adds nothing:
//! take a single layer instead when that is all you need.
//!
//! | module | what it gives you |
//! |---|---|
//! | [`api`] | [`Client`](api::Client): connections that stay alive, and the read API |
//! | [`webhooks`] | [`Verifier`](webhooks::Verifier): is this delivery genuine? No I/O, a dozen dependencies |
//! | [`inbox`] | [`Inbox`](inbox::Inbox): store first, answer, handle once |
//! | [`store`] | the traits to implement for your own database |
//! | [`seal`] | encryption of what the stores keep |
//! | [`transport`] | the trait to implement for your own HTTP client, and test doubles |
//! | [`oauth`], [`core`] | the machines and the vocabulary below |
//!
//! # Features
//! A feature adds a module or a type and changes nothing else. `axum`, `reqwest` and `sqlite` are on
//! unless you say `default-features = false`.
//!
//! | feature | what it adds |
//! |---|---|
//! | `axum` | `revento::axum`: the webhook route and the OAuth flow |
//! | `actix` | `revento::actix`: the webhook route for actix-web |
//! | `tower` | `revento::tower`: the webhook endpoint as a `tower::Service`, for every framework on it; and any such service as a [`Transport`](transport::Transport) |
//! | `reqwest` | `revento::reqwest`: HTTP by reqwest |
//! | `hyper` | `revento::hyper`: HTTP by hyper, with a smaller tree, and Unix sockets |
//! | `sqlite` | `revento::sqlite`: both stores in one file |
//! | `postgres` | `revento::postgres`: both stores in PostgreSQL, for several replicas |
//! | `redis` | `revento::redis`: tokens and the shared rate budget in Redis, for several replicas |
//! | `testkit` | `revento::testkit`: the conformance suites for stores of your own, and one for transports; a feature for tests |
//! | `recording` | test doubles that record a conversation and replay it; a feature for tests |

#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "actix")]
pub use revento_actix as actix;
pub use revento_api as api;
#[cfg(feature = "axum")]
pub use revento_axum as axum;
pub use revento_core as core;
pub use revento_inbox as inbox;
pub use revento_oauth as oauth;
pub use revento_seal as seal;
pub use revento_store as store;
#[cfg(feature = "postgres")]
pub use revento_store_postgres as postgres;
#[cfg(feature = "redis")]
pub use revento_store_redis as redis;
#[cfg(feature = "sqlite")]
pub use revento_store_sqlite as sqlite;
#[cfg(feature = "testkit")]
pub use revento_store_testkit as testkit;
#[cfg(feature = "tower")]
pub use revento_tower as tower;
pub use revento_transport as transport;
#[cfg(feature = "hyper")]
pub use revento_transport_hyper as hyper;
#[cfg(feature = "reqwest")]
pub use revento_transport_reqwest as reqwest;
pub use revento_webhooks as webhooks;

/// The README's code compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
