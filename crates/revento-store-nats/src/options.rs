//! How to connect.

use std::{fmt, path::PathBuf, time::Duration};

use async_nats::{Client, ConnectOptions, jetstream};
use futures_util::future;

use crate::{
    NatsStore, OpenError,
    names::Names,
    setup::{self, BUDGETS, KEPT},
    stream::ATTEMPT,
    url::{Login, Way, login, way},
};

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A server that answers none of three pings is left for another one.
const PING_INTERVAL: Duration = Duration::from_secs(2);
/// The oldest version that reads the next message behind a position.
const OLDEST: (&str, (i64, i64)) = ("2.9", (2, 9));
/// The oldest version that checks conditional writes that are on their way through the cluster.
const OLDEST_OF_A_CLUSTER: (&str, (i64, i64)) = ("2.11", (2, 11));
/// How many copies a cluster keeps of each stream.
const CLUSTER_REPLICAS: usize = 3;

/// How to connect to NATS. `Debug` does not show the URLs and the credentials.
#[derive(Clone)]
pub struct NatsOptions {
    urls: String,
    prefix: String,
    replicas: Option<usize>,
    credentials: Option<String>,
    root_certificates: Option<PathBuf>,
    plain_text: bool,
    trusted: bool,
}

impl NatsOptions {
    /// Connects to these servers of one cluster: `tls://user:password@host:port` with TLS, `nats://…` without it, with commas between
    /// them. A single text in front of the `@` is a token. No part comes from the environment.
    ///
    /// A host that is not this machine (a loopback address or `localhost`) needs TLS, unless
    /// [`allow_plain_text`](Self::allow_plain_text) says otherwise.
    pub fn new(urls: impl Into<String>) -> Self {
        Self {
            urls: urls.into(),
            prefix: "revento".to_owned(),
            replicas: None,
            credentials: None,
            root_certificates: None,
            plain_text: false,
            trusted: false,
        }
    }

    /// Begins the names of all streams and subjects with this text. The default is `revento`.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets how many servers keep a copy of each stream: 1 to 5. The default is 3 on a cluster and 1 on a single server.
    ///
    /// The store creates its streams with this number. A stream that exists must have at least as many.
    #[must_use]
    pub fn replicas(mut self, copies: usize) -> Self {
        self.replicas = Some(copies);
        self
    }

    /// Logs in with the text of a credentials file (a user's JWT and its seed).
    #[must_use]
    pub fn credentials(mut self, text: impl Into<String>) -> Self {
        self.credentials = Some(text.into());
        self
    }

    /// Trusts servers whose certificate the authorities in this PEM file have signed, beside those of the system.
    #[must_use]
    pub fn root_certificates(mut self, file: impl Into<PathBuf>) -> Self {
        self.root_certificates = Some(file.into());
        self
    }

    /// Allows a connection without TLS to another machine: everybody on the way can read the password, read and change what the store
    /// keeps, and end connections. Sealed tokens stay sealed.
    #[must_use]
    pub fn allow_plain_text(mut self) -> Self {
        self.plain_text = true;
        self
    }

    /// Accepts a single copy of each stream: the server has `sync_interval: always`, or you accept that a crash of its machine can end
    /// connections and lose deliveries.
    ///
    /// A server tells nobody its `sync_interval`. The default is two minutes, so a single server can lose what it has acknowledged when
    /// its machine loses power; the end of its process alone loses nothing.
    #[must_use]
    pub fn trust_the_server(mut self) -> Self {
        self.trusted = true;
        self
    }

    /// Connects, creates the streams that do not exist, and checks whether they keep what they acknowledge.
    ///
    /// # Errors
    /// See [`OpenError`]: each kind says what to do.
    pub async fn connect(self) -> Result<NatsStore, OpenError> {
        match way(&self.urls).ok_or(OpenError::BadUrl)? {
            Way::Plain if !self.plain_text => return Err(OpenError::PlainText),
            Way::Plain | Way::Local | Way::Tls => {}
        }
        let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_".contains(character);
        if self.prefix.is_empty() || !self.prefix.chars().all(is_plain) {
            return Err(OpenError::BadPrefix);
        }
        let names = Names::new().map_err(|error| OpenError::Unreachable { source: error.into() })?;
        let client = self.client().await?;
        let info = client.server_info();
        let is_cluster = info.cluster.is_some();
        if !info.jetstream && !is_cluster {
            return Err(OpenError::Refused {
                stream: setup::stream_name(&self.prefix, BUDGETS),
                source: "the server has no JetStream".into(),
            });
        }
        let (oldest, (major, minor)) = if is_cluster { OLDEST_OF_A_CLUSTER } else { OLDEST };
        if !client.is_server_compatible(major, minor, 0) {
            return Err(OpenError::TooOld {
                version: info.version,
                wanted: oldest,
            });
        }
        let replicas = self
            .replicas
            .unwrap_or(if is_cluster { CLUSTER_REPLICAS } else { 1 });
        if replicas <= 1 && !self.trusted {
            return Err(OpenError::NotDurable);
        }
        let context = jetstream::new(client.clone());
        let streams = KEPT.into_iter().chain([BUDGETS]);
        future::try_join_all(streams.map(|of| setup::prepare(&context, &self.prefix, of, replicas))).await?;
        Ok(NatsStore::new(&client, &context, &self.prefix, &names))
    }

    async fn client(&self) -> Result<Client, OpenError> {
        let urls: Vec<&str> = self.urls.split(',').map(str::trim).collect();
        let mut options = ConnectOptions::new()
            .name("revento")
            // A server that the first one names must not be asked without TLS.
            .require_tls(way(&self.urls) == Some(Way::Tls))
            .connection_timeout(CONNECT_TIMEOUT)
            .request_timeout(Some(ATTEMPT))
            .ping_interval(PING_INTERVAL);
        options = match login(&self.urls) {
            Login::Nothing => options,
            Login::Token(token) => options.token(token),
            Login::Password(user, password) => options.user_and_password(user, password),
        };
        if let Some(credentials) = &self.credentials {
            options = options.credentials(credentials).map_err(|_| OpenError::BadUrl)?;
        }
        if let Some(file) = &self.root_certificates {
            options = options.add_root_certificates(file.clone());
        }
        let connected = options.connect(urls).await;
        connected.map_err(|error| OpenError::Unreachable { source: error.into() })
    }
}

impl NatsStore {
    /// Connects with [the usual options](NatsOptions::new).
    ///
    /// # Errors
    /// See [`OpenError`]: each kind says what to do.
    pub async fn connect(urls: impl Into<String>) -> Result<Self, OpenError> {
        NatsOptions::new(urls).connect().await
    }
}

impl fmt::Debug for NatsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsOptions")
            .field("prefix", &self.prefix)
            .field("replicas", &self.replicas)
            .field("plain_text", &self.plain_text)
            .field("trusted", &self.trusted)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t5_neither_urls_nor_credentials_are_shown() {
        let options = NatsOptions::new("nats://planted@host").credentials("planted");
        assert!(!format!("{options:?}").contains("planted"));
    }
}
