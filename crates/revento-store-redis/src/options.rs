//! How to connect.

use std::{collections::BTreeMap, fmt, time::Duration};

use redis::{
    Client,
    aio::{ConnectionManager, ConnectionManagerConfig},
};

use crate::{OpenError, RedisStore, keys::Keys};

/// How long connecting, and each call, may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How to connect to Redis. `Debug` does not show the URL.
#[derive(Clone)]
pub struct RedisOptions {
    url: String,
    prefix: String,
    trusted: bool,
}

impl RedisOptions {
    /// Connects to this URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            prefix: "revento".to_owned(),
            trusted: false,
        }
    }

    /// Puts these words, in braces, before the names of all keys. The default is `revento`.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Does not ask whether the server can lose what it has acknowledged: somebody has looked, or accepts
    /// that a crash of the server can end connections.
    #[must_use]
    pub fn trust_the_server(mut self) -> Self {
        self.trusted = true;
        self
    }

    /// Connects, and looks whether the server keeps what it acknowledges.
    ///
    /// # Errors
    /// See [`OpenError`]: each kind says what to do.
    pub async fn connect(self) -> Result<RedisStore, OpenError> {
        if self.url.starts_with("rediss:") || self.url.starts_with("valkeys:") {
            // The redis crate takes the process's provider, and panics where there is none to be found.
            // An error here means that there is one already.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        }
        let client = Client::open(self.url.as_str()).map_err(|_| OpenError::BadUrl)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(2);
        let connection = ConnectionManager::new_with_config(client, config).await;
        let mut connection = connection.map_err(|error| OpenError::Unreachable { source: error.into() })?;
        if !self.trusted {
            ask_for_durability(&mut connection).await?;
        }
        Ok(RedisStore::new(connection, Keys::new(&self.prefix)))
    }
}

async fn ask_for_durability(connection: &mut ConnectionManager) -> Result<(), OpenError> {
    let settings = ["appendonly", "appendfsync", "maxmemory-policy"];
    let answer = redis::cmd("CONFIG")
        .arg("GET")
        .arg(&settings)
        .query_async(connection)
        .await;
    let mut values: BTreeMap<String, String> =
        answer.map_err(|error| OpenError::DurabilityUnknown { source: error.into() })?;
    for (setting, wanted) in settings.into_iter().zip(["yes", "always", "noeviction"]) {
        let value = values.remove(setting).unwrap_or_else(|| "(not told)".to_owned());
        // No record has an expiry, so what evicts only keys that have one is as good.
        let harmless = setting == "maxmemory-policy" && value.starts_with("volatile-");
        if value != wanted && !harmless {
            return Err(OpenError::NotDurable {
                setting,
                value,
                wanted,
            });
        }
    }
    Ok(())
}

impl RedisStore {
    /// Connects with [the usual options](RedisOptions::new).
    ///
    /// # Errors
    /// See [`OpenError`]: each kind says what to do.
    pub async fn connect(url: impl Into<String>) -> Result<Self, OpenError> {
        RedisOptions::new(url).connect().await
    }
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions")
            .field("prefix", &self.prefix)
            .field("trusted", &self.trusted)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t5_the_url_is_never_shown() {
        assert!(!format!("{:?}", RedisOptions::new("redis://:planted@host/")).contains("planted"));
    }
}
