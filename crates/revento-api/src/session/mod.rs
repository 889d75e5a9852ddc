//! The tokens of each connection: a cached access token, and at most one refresh at a time.
//!
//! | file | what it does |
//! |---|---|
//! | `sessions` | finds the session of a connection |
//! | `connection_session` | gives out the token; lets any number of callers share one refresh |
//! | `refresher` | refreshes: drives the state machine of [`revento_oauth::refresh`] |
//! | `token_cache` | keeps the token, and what a failed store or a panic would lose |

mod cached_token;
mod connection_session;
mod refresher;
mod scopes_changed;
mod sessions;
mod token_cache;

pub use self::scopes_changed::ScopesChanged;
pub(crate) use self::{
    cached_token::CachedToken, connection_session::Session, refresher::REPLIES, refresher::Refresher,
    scopes_changed::OnScopesChanged, sessions::Sessions,
};
