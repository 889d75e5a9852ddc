//! How to connect.

use std::{fmt, time::Duration};

use sqlx::{ConnectOptions, Connection};

use crate::{
    OpenError, PostgresStore,
    connections::{Connections, Connector},
    open_error::Failed,
    schema,
    url::connect_options,
};

/// How long a caller waits for one of the connections.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long connecting and migrating may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// How to connect to PostgreSQL. `Debug` does not show the URL.
#[derive(Clone)]
pub struct PostgresOptions {
    pub(crate) url: String,
    pub(crate) schema: Option<String>,
    pub(crate) application: String,
    pub(crate) connections: u32,
    pub(crate) acquire_timeout: Duration,
    pub(crate) migrate: bool,
}

impl PostgresOptions {
    /// Connects to this URL, with up to ten connections: `postgres://user:password@host:port/database`.
    ///
    /// The parameters are `host` (also the folder of a Unix socket), `hostaddr`, `port`, `user`, `password`, `dbname`, `options`, `sslmode`,
    /// `sslrootcert`, `sslcert` and `sslkey`. Without `sslmode` the store needs TLS with a trusted certificate for the host's name
    /// (`verify-full`), unless the host is this machine: a loopback address, `localhost` or a Unix socket. No part comes from the
    /// environment.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            schema: None,
            application: "revento".to_owned(),
            connections: 10,
            acquire_timeout: ACQUIRE_TIMEOUT,
            migrate: true,
        }
    }

    /// Keeps the tables in a schema of this name, and creates it if it is missing. Without a name the store uses the schema that has its
    /// tables, or the first one of the connection's `search_path`. Name the schema behind a pooler, because there another client may have
    /// changed the `search_path`.
    #[must_use]
    pub fn schema(mut self, name: impl Into<String>) -> Self {
        self.schema = Some(name.into());
        self
    }

    /// Sets the name of the sessions in the server's list. The default is `revento`.
    #[must_use]
    pub fn application_name(mut self, name: impl Into<String>) -> Self {
        self.application = name.into();
        self
    }

    /// Opens at most this many connections; at least one.
    #[must_use]
    pub fn max_connections(mut self, count: u32) -> Self {
        self.connections = count.max(1);
        self
    }

    /// Sets how long a call waits for connections, also while the server restarts and if it needs several because some are lost. A call that shares its transaction waits up to as long
    /// for the transaction before it. The default is ten seconds.
    #[must_use]
    pub fn acquire_timeout(mut self, timeout: Duration) -> Self {
        self.acquire_timeout = timeout;
        self
    }

    /// Does not change the tables: a role with more rights has run [`PostgresStore::MIGRATIONS`].
    #[must_use]
    pub fn without_migrations(mut self) -> Self {
        self.migrate = false;
        self
    }

    /// Connects, and brings the tables up to date.
    ///
    /// # Errors
    /// See [`OpenError`]: each kind says what to do.
    pub async fn connect(self) -> Result<PostgresStore, OpenError> {
        self.open().await.map_err(|failed| failed.0)
    }

    async fn open(self) -> Result<PostgresStore, Failed> {
        let options = connect_options(&self.url, |name| std::env::var_os(name).is_some())?
            .application_name(&self.application)
            .disable_statement_logging();
        let schema = self.schema.as_deref().map(quoted);
        let prepare = async {
            // Not one of the store's connections, which would be tried again and again if the server is not there.
            let mut connection = options.connect().await?;
            let schema = schema::migrate(&mut connection, schema.as_deref(), self.migrate).await?;
            let number = schema::next_number(&mut connection, &schema).await?;
            connection.close().await?;
            Ok::<_, Failed>((schema, number))
        };
        let timed_out = |_| OpenError::Unreachable {
            source: "no answer in time".into(),
        };
        let (schema, number) = tokio::time::timeout(CONNECT_TIMEOUT, prepare)
            .await
            .map_err(timed_out)??;
        let connections = Connections::new(Connector(options), self.connections, self.acquire_timeout);
        Ok(PostgresStore::new(connections, &schema, number))
    }
}

/// An identifier as SQL wants it (<https://www.postgresql.org/docs/current/sql-syntax-lexical.html>, 4.1.1).
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\0', "").replace('"', "\"\""))
}

impl PostgresStore {
    /// Connects with [the usual options](PostgresOptions::new).
    ///
    /// # Errors
    /// See [`OpenError`]: each kind says what to do.
    pub async fn connect(url: impl Into<String>) -> Result<Self, OpenError> {
        PostgresOptions::new(url).connect().await
    }
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("schema", &self.schema)
            .field("max_connections", &self.connections)
            .field("migrate", &self.migrate)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t5_the_url_is_never_shown() {
        let options = PostgresOptions::new("postgres://revento:planted@db/x");
        assert!(!format!("{options:?}").contains("planted"));
    }

    #[test]
    fn k20_a_schemas_name_cannot_break_out() {
        assert_eq!(quoted("Mixed \"Case\"; DROP"), "\"Mixed \"\"Case\"\"; DROP\"");
    }
}
