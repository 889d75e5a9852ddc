//! [`RedisStore`]: the handle to the connection.

use std::fmt;

use redis::aio::ConnectionManager;

use crate::{keys::Keys, scripts::Scripts};

/// Tokens in Redis. A clone is another handle to the same connection, over which calls do not wait for each other.
#[derive(Clone)]
pub struct RedisStore {
    connection: ConnectionManager,
    pub(crate) keys: Keys,
    pub(crate) scripts: Scripts,
}

impl RedisStore {
    pub(crate) fn new(connection: ConnectionManager, keys: Keys) -> Self {
        Self {
            connection,
            keys,
            scripts: Scripts::new(),
        }
    }

    pub(crate) fn connection(&self) -> ConnectionManager {
        self.connection.clone()
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}
