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
//! | [`axum`] (feature) | the webhook route and the OAuth flow |
//! | [`store`] | the traits to implement for your own database |
//! | [`sqlite`] (feature) | both stores in one file |
//! | [`seal`] | encryption of what the stores keep |
//! | [`transport`], [`reqwest`] (feature) | HTTP |
//! | [`oauth`], [`core`] | the machines and the vocabulary below |

pub use revento_api as api;
#[cfg(feature = "axum")]
pub use revento_axum as axum;
pub use revento_core as core;
pub use revento_inbox as inbox;
pub use revento_oauth as oauth;
pub use revento_seal as seal;
pub use revento_store as store;
#[cfg(feature = "sqlite")]
pub use revento_store_sqlite as sqlite;
pub use revento_transport as transport;
#[cfg(feature = "reqwest")]
pub use revento_transport_reqwest as reqwest;
pub use revento_webhooks as webhooks;

/// The README's code compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
