//! [`RedisStore`]: the handle to the connection.

use std::{
    fmt,
    sync::{Arc, atomic::AtomicU64},
};

use redis::aio::ConnectionManager;
use revento_core::Timestamp;
use revento_store::StoreError;

use crate::{call::Call, error::not_read, keys::Keys, scripts::Scripts};

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

impl RedisStore {
    /// The time by the server's clock, for tools that compare clocks. The store itself never asks for it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn server_time(&self) -> Result<Timestamp, StoreError> {
        let time: Result<(i64, i64), _> = self.call(Call::Command(&redis::cmd("TIME"))).await;
        let (seconds, micros) = time.map_err(not_read("asking for the time"))?;
        Ok(Timestamp::from_unix_micros(
            seconds.saturating_mul(1_000_000).saturating_add(micros),
        ))
    }
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}
