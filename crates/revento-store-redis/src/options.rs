//! How to connect.

use std::{collections::BTreeMap, fmt, time::Duration};

use redis::{
    Client, TlsCertificates,
    aio::{ConnectionManager, ConnectionManagerConfig},
};

use revento_store::{Entropy, OsEntropy};

use crate::{
    OpenError, RedisStore,
    keys::Keys,
    url::{Way, way},
};

/// How long connecting, and each call, may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// How to connect to Redis. `Debug` does not show the URL.
#[derive(Clone)]
pub struct RedisOptions {
    url: String,
    prefix: String,
    trusted: bool,
    plain_text: bool,
    root_certificate: Option<Vec<u8>>,
}

impl RedisOptions {
    /// Connects to this URL: `rediss://user:password@host:port/0` with TLS, `redis://…` without it, `unix:///path` over a socket; the
    /// same with `valkeys` and `valkey`. No part comes from the environment.
    ///
    /// A host that is not this machine (a loopback address, `localhost` or a socket) needs TLS, unless
    /// [`allow_plain_text`](Self::allow_plain_text) says otherwise.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            prefix: "revento".to_owned(),
            trusted: false,
            plain_text: false,
            root_certificate: None,
        }
    }

    /// Allows a connection without TLS to another machine: everybody on the way can read the password, read and change what the store
    /// keeps, and end connections. Sealed tokens stay sealed.
    #[must_use]
    pub fn allow_plain_text(mut self) -> Self {
        self.plain_text = true;
        self
    }

    /// Trusts servers whose certificate this authority has signed, in PEM, instead of the usual authorities.
    #[must_use]
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificate = Some(pem.into());
        self
    }

    /// Puts this text, in braces, before the names of all keys. The default is `revento`.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Does not check whether the server can lose what it has acknowledged: you have checked it, or you accept that a crash of the server
    /// can end connections.
    #[must_use]
    pub fn trust_the_server(mut self) -> Self {
        self.trusted = true;
        self
    }

    /// Connects, and checks whether the server keeps what it acknowledges.
    ///
    /// # Errors
    /// See [`OpenError`]: each kind says what to do.
    pub async fn connect(self) -> Result<RedisStore, OpenError> {
        match way(&self.url).ok_or(OpenError::BadUrl)? {
            Way::Plain if !self.plain_text => return Err(OpenError::PlainText),
            Way::Plain | Way::Local => {}
            // The redis crate takes the process's provider, and panics if there is none. An error here means that there is one.
            Way::Tls => drop(rustls::crypto::aws_lc_rs::default_provider().install_default()),
        }
        let client = match self.root_certificate {
            Some(root_cert) => Client::build_with_tls(
                self.url.as_str(),
                TlsCertificates {
                    client_tls: None,
                    root_cert: Some(root_cert),
                },
            ),
            None => Client::open(self.url.as_str()),
        };
        let client = client.map_err(|_| OpenError::BadUrl)?;
        let mut instance = [0; 12];
        OsEntropy
            .fill(&mut instance)
            .map_err(|error| OpenError::Unreachable { source: error.into() })?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(TIMEOUT))
            .set_response_timeout(Some(TIMEOUT))
            .set_number_of_retries(2);
        let connection = ConnectionManager::new_with_config(client, config).await;
        let mut connection = connection.map_err(|error| OpenError::Unreachable { source: error.into() })?;
        if !self.trusted {
            ask_for_durability(&mut connection).await?;
        }
        Ok(RedisStore::new(
            connection,
            Keys::new(&self.prefix),
            &hex::encode(instance),
        ))
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
        let value = values.remove(setting).unwrap_or_else(|| "(unknown)".to_owned());
        // No record has an expiry, so a policy that evicts only keys with an expiry does no harm.
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
            .field("plain_text", &self.plain_text)
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
