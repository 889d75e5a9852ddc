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
//! Spawn [`Client::background`] once per process: it drives refreshes to their end when the callers
//! that began them have gone away. Spawn [`Client::keep_alive`] where connections can be idle for
//! months. Nothing else here runs by itself.

mod background;
mod client;
mod connect;
mod error;
mod keep_alive;
mod lifecycle;
mod meter;
mod notices;
mod pacing;
mod read;
mod request;
mod retry;
mod session;
mod timer;
mod vault;
mod words;

pub use client::{Client, ClientBuilder, ScopesChanged};
pub use connect::ConnectError;
pub use error::{Attempt, Attempts, Error, Fault};
pub use keep_alive::{ConsentEnding, KeepAlive};
pub use pacing::Pacing;
pub use read::{
    Bookmark, EventClient, Installations, Items, List, Pages, ParseBookmarkError, Participants, Progress,
    Raw, UserClient,
};
pub use retry::Retry;
pub use session::SessionError;
pub use timer::Timer;
