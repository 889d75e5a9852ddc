//! How to connect.

use std::{fmt, time::Duration};

use revento_store::{Entropy as _, OsEntropy};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::{
    MySqlStore, OpenError,
    connect::{Connections, Connector},
    open_error::Failed,
    schema,
    url::connect_options,
};

/// How long a caller waits for one of the connections.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long connecting and migrating may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How to connect to MySQL or MariaDB. `Debug` does not show the URL.
#[derive(Clone)]
pub struct MySqlOptions {
    pub(crate) url: String,
    pub(crate) connections: u32,
    pub(crate) acquire_timeout: Duration,
    pub(crate) migrate: bool,
}

impl MySqlOptions {
    /// Connects to this URL, with up to ten connections: `mysql://user:password@host:port/database`. The scheme `mariadb` means the same.
    ///
    /// The parameters are `socket` (the path of a Unix socket), `ssl-mode`, `ssl-ca`, `ssl-cert` and `ssl-key`. Without `ssl-mode` the
    /// store needs TLS with a trusted certificate for the host's name (`verify_identity`), unless the host is this machine: a loopback
    /// address, `localhost` or a Unix socket. The other modes are `verify_ca`, `required`, `preferred` and `disabled`. No part comes from
    /// the environment or from an option file.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            connections: 10,
            acquire_timeout: ACQUIRE_TIMEOUT,
            migrate: true,
        }
    }

    /// Opens at most this many connections; at least one.
    #[must_use]
    pub fn max_connections(mut self, count: u32) -> Self {
        self.connections = count.max(1);
        self
    }

    /// Sets how long a call waits for connections, also while the server restarts, and if it needs several because some are lost. A call
    /// that shares its transaction waits up to as long for the transaction before it. The default is ten seconds.
    #[must_use]
    pub fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.acquire_timeout = timeout;
        self
    }

    /// Does not change the tables: a user with more rights has run the migrations, by connecting with them once.
    #[must_use]
    pub fn without_migrations(mut self) -> Self {
        self.migrate = false;
        self
    }

    /// Connects, and brings the tables up to date.
    ///
    /// # Errors
    /// See [`OpenError`]: each kind says what to do.
    pub async fn connect(self) -> Result<MySqlStore, OpenError> {
        self.open().await.map_err(|failed| failed.0)
    }

    async fn open(self) -> Result<MySqlStore, Failed> {
        let options = connect_options(&self.url)?;
        let mut name = [0; 8];
        OsEntropy
            .fill(&mut name)
            .map_err(|error| OpenError::Other { source: error.into() })?;
        let prepare = async {
            // Not one of the store's connections, which would be tried again and again if the server is not there.
            let mut connection = options.connect().await?;
            let opened = schema::migrate(&mut connection, &name, self.migrate).await?;
            connection.close().await?;
            Ok::<_, Failed>(opened)
        };
        let timed_out = |_| OpenError::Unreachable {
            source: "no answer in time".into(),
        };
        let opened = tokio::time::timeout(CONNECT_TIMEOUT, prepare)
            .await
            .map_err(timed_out)??;
        let connections = Connections::new(Connector(options), self.connections, self.acquire_timeout);
        Ok(MySqlStore::new(
            connections,
            &opened.database,
            opened.max_message,
            name,
        ))
    }
}

impl MySqlStore {
    /// Connects with [the usual options](MySqlOptions::new).
    ///
    /// # Errors
    /// See [`OpenError`]: each kind says what to do.
    pub async fn connect(url: impl Into<String>) -> Result<Self, OpenError> {
        MySqlOptions::new(url).connect().await
    }
}

impl fmt::Debug for MySqlOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MySqlOptions")
            .field("max_connections", &self.connections)
            .field("acquire_timeout", &self.acquire_timeout)
            .field("migrate", &self.migrate)
            .finish_non_exhaustive()
    }
}
