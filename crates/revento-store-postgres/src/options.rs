//! How to connect.

use std::{fmt, time::Duration};

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{OpenError, PostgresStore, open_error::Failed, schema};

/// How long a caller waits for one of the connections.
const TURN: Duration = Duration::from_secs(10);
/// How long connecting and migrating may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// A connection that has been idle for longer is asked whether it still lives before it is used.
const TRUSTED: Duration = Duration::from_secs(1);

/// How to connect to PostgreSQL. `Debug` does not show the URL.
#[derive(Clone)]
pub struct PostgresOptions {
    url: String,
    schema: Option<String>,
    application: String,
    connections: u32,
    migrate: bool,
}

impl PostgresOptions {
    /// Connects to this URL, with up to ten connections.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            schema: None,
            application: "revento".to_owned(),
            connections: 10,
            migrate: true,
        }
    }

    /// Keeps the tables in a schema of this name, which is created where it is missing.
    #[must_use]
    pub fn schema(mut self, name: impl Into<String>) -> Self {
        self.schema = Some(name.into());
        self
    }

    /// What the server's list of sessions calls this one. The default is `revento`.
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

    /// Leaves the tables as they are: somebody with more rights has created them.
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
        let options: PgConnectOptions = self.url.parse().map_err(|_| OpenError::BadUrl)?;
        let options = options
            .application_name(&self.application)
            .disable_statement_logging();
        let schema = self.schema.as_deref().map(quoted);
        let prepare = async {
            // Not from the pool, which would try a server that is not there again and again.
            let mut connection = options.connect().await?;
            connection
                .execute(AssertSqlSafe(settings(schema.as_deref())))
                .await?;
            schema::migrate(&mut connection, schema.as_deref(), self.migrate).await?;
            Ok::<_, Failed>(connection.close().await?)
        };
        let timed_out = |_| OpenError::Unreachable {
            source: "no answer in time".into(),
        };
        tokio::time::timeout(PATIENCE, prepare)
            .await
            .map_err(timed_out)??;
        let pool = pool(self.connections, settings(schema.as_deref()))
            .connect_with(options)
            .await?;
        Ok(PostgresStore::new(pool))
    }
}

/// What each session is told first.
fn settings(schema: Option<&str>) -> String {
    let search_path = schema
        .map(|name| format!("; SET search_path TO {name}"))
        .unwrap_or_default();
    format!(
        "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED;
         SET lock_timeout = '10s'; SET statement_timeout = '30s';
         SELECT set_config('synchronous_commit', 'on', false)
         WHERE current_setting('synchronous_commit') = 'off'{search_path}"
    )
}

fn pool(connections: u32, settings: String) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(TURN)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > TRUSTED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_connect(move |connection, _| {
            let settings = settings.clone();
            Box::pin(async move { connection.execute(AssertSqlSafe(settings)).await.map(drop) })
        })
}

/// An identifier as SQL wants it (<https://www.postgresql.org/docs/current/sql-syntax-lexical.html>, 4.1.1).
fn quoted(name: &str) -> String {
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
