//! [`RedisStore`]: the handle to the connection.

use std::{
    fmt,
    sync::{Arc, atomic::AtomicU64},
};

use redis::aio::ConnectionManager;

use crate::{keys::Keys, scripts::Scripts};

/// Tokens in Redis. A clone is another handle to the same connection, over which calls do not wait for each other.
#[derive(Clone)]
pub struct RedisStore {
    pub(crate) connection: ConnectionManager,
    /// A random text that names this handle and its clones.
    pub(crate) instance: Arc<str>,
    /// How many calls were named so far.
    pub(crate) calls: Arc<AtomicU64>,
    pub(crate) keys: Keys,
    pub(crate) scripts: Scripts,
}

impl RedisStore {
    pub(crate) fn new(connection: ConnectionManager, keys: Keys, instance: &str) -> Self {
        Self {
            connection,
            instance: instance.into(),
            calls: Arc::default(),
            keys,
            scripts: Scripts::new(),
        }
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}
