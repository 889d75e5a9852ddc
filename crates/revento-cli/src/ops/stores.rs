//! The stores of a service, by a URL.

use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
#[cfg(feature = "mysql")]
use revento::store_mysql::{MySqlOptions, MySqlStore};
#[cfg(feature = "postgres")]
use revento::store_postgres::{PostgresOptions, PostgresStore};
#[cfg(feature = "redis")]
use revento::store_redis::{RedisOptions, RedisStore};
use revento::{
    SqliteStore, Timestamp,
    store::{DeletionStore, InboxAdmin, TokenAdmin},
    types::ClientId,
};

use super::shown;

#[derive(Debug, clap::Args)]
pub(crate) struct StoreArguments {
    /// The service's store: `sqlite:PATH`, `postgres://…`, `mysql://…` or `redis://…`.
    #[arg(long, value_name = "URL", env = "REVENTO_STORE", hide_env_values = true)]
    store: String,
    /// The PostgreSQL schema, if it is not the default of the store.
    #[arg(long, value_name = "NAME")]
    schema: Option<String>,
    /// The prefix of the keys in Redis, if it is not the default of the store.
    #[arg(long, value_name = "TEXT")]
    key_prefix: Option<String>,
    /// Use a Redis server that does not promise to keep what it has taken, as the service does with `trust_the_server`.
    #[arg(long)]
    trust_redis: bool,
}

/// Says how to get a command that opens the stores on `server`.
#[cfg(not(all(feature = "mysql", feature = "postgres", feature = "redis")))]
fn left_out(server: &str, feature: &str) -> String {
    format!(
        "this `revento` was built without {server}. Build it with the feature: cargo install revento-cli --features {feature}, \
         or in a clone: cargo run --release --features {feature} --bin revento -- ops …"
    )
}

/// The open stores. Redis holds tokens only.
pub(crate) struct Stores {
    pub(crate) tokens: Arc<dyn TokenAdmin>,
    inbox: Option<Arc<dyn InboxAdmin>>,
    deletions: Option<Arc<dyn DeletionStore>>,
    engine: Engine,
}

/// What only some engines have.
enum Engine {
    Sqlite,
    #[cfg(feature = "mysql")]
    MySql(MySqlStore),
    #[cfg(feature = "postgres")]
    Postgres(PostgresStore),
    #[cfg(feature = "redis")]
    Redis(Box<RedisStore>),
}

impl Stores {
    /// Opens the stores as they are: a schema that another version has made is not changed.
    pub(crate) async fn open(arguments: &StoreArguments) -> Result<Self> {
        // The rest can contain a password, so no error shows it.
        let (scheme, rest) = arguments.store.split_once(':').context(
            "--store names no kind of store: give sqlite:PATH, postgres://…, mysql://… or redis://…",
        )?;
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" => Self::sqlite(rest.strip_prefix("//").unwrap_or(rest)).await,
            #[cfg(feature = "postgres")]
            "postgres" | "postgresql" => Self::postgres(arguments).await,
            #[cfg(feature = "mysql")]
            "mysql" | "mariadb" => Self::mysql(arguments).await,
            #[cfg(feature = "redis")]
            "redis" | "rediss" => Self::redis(arguments).await,
            #[cfg(not(feature = "postgres"))]
            "postgres" | "postgresql" => bail!(left_out("PostgreSQL", "postgres")),
            #[cfg(not(feature = "mysql"))]
            "mysql" | "mariadb" => bail!(left_out("MySQL and MariaDB", "mysql")),
            #[cfg(not(feature = "redis"))]
            "redis" | "rediss" => bail!(left_out("Redis", "redis")),
            _ => bail!(
                "--store has the unknown scheme {}: give sqlite:PATH, postgres://…, mysql://… or redis://…",
                shown(scheme)
            ),
        }
    }

    async fn sqlite(path: &str) -> Result<Self> {
        let store = SqliteStore::open_existing(path).await?;
        Ok(Self::complete(store, Engine::Sqlite))
    }

    #[cfg(feature = "postgres")]
    async fn postgres(arguments: &StoreArguments) -> Result<Self> {
        let mut options = PostgresOptions::new(&arguments.store).without_migrations();
        if let Some(schema) = &arguments.schema {
            options = options.schema(schema);
        }
        let store = options.connect().await?;
        Ok(Self::complete(store.clone(), Engine::Postgres(store)))
    }

    #[cfg(feature = "mysql")]
    async fn mysql(arguments: &StoreArguments) -> Result<Self> {
        let options = MySqlOptions::new(&arguments.store).without_migrations();
        let store = options.connect().await?;
        Ok(Self::complete(store.clone(), Engine::MySql(store)))
    }

    #[cfg(feature = "redis")]
    async fn redis(arguments: &StoreArguments) -> Result<Self> {
        let mut options = RedisOptions::new(&arguments.store);
        if let Some(prefix) = &arguments.key_prefix {
            options = options.prefix(prefix);
        }
        if arguments.trust_redis {
            options = options.trust_the_server();
        }
        let store = options.connect().await?;
        Ok(Self {
            tokens: Arc::new(store.clone()),
            inbox: None,
            deletions: None,
            engine: Engine::Redis(Box::new(store)),
        })
    }

    fn complete(
        store: impl TokenAdmin + InboxAdmin + DeletionStore + Clone + 'static,
        engine: Engine,
    ) -> Self {
        Self {
            tokens: Arc::new(store.clone()),
            inbox: Some(Arc::new(store.clone())),
            deletions: Some(Arc::new(store)),
            engine,
        }
    }

    /// The inbox, if this engine has one.
    pub(crate) fn has_inbox(&self) -> Option<&dyn InboxAdmin> {
        self.inbox.as_deref()
    }

    pub(crate) fn inbox(&self) -> Result<&dyn InboxAdmin> {
        self.has_inbox()
            .context("this store has no inbox: name the database that has it")
    }

    /// The deletion duties, if this engine has them.
    pub(crate) fn has_deletions(&self) -> Option<&dyn DeletionStore> {
        self.deletions.as_deref()
    }

    pub(crate) fn deletions(&self) -> Result<&dyn DeletionStore> {
        self.has_deletions()
            .context("this store has no deletion duties: name the database that has them")
    }

    /// The version of the schema. Opening has compared it with the one that this program needs.
    pub(crate) fn schema_version(&self) -> Option<u32> {
        match &self.engine {
            Engine::Sqlite => Some(SqliteStore::SCHEMA_VERSION),
            #[cfg(feature = "mysql")]
            Engine::MySql(_) => Some(MySqlStore::SCHEMA_VERSION),
            #[cfg(feature = "postgres")]
            Engine::Postgres(_) => Some(PostgresStore::SCHEMA_VERSION),
            #[cfg(feature = "redis")]
            Engine::Redis(_) => None,
        }
    }

    /// The time by the server's clock; `None` for an engine without a server.
    pub(crate) async fn server_time(&self) -> Result<Option<Timestamp>> {
        Ok(match &self.engine {
            Engine::Sqlite => None,
            #[cfg(feature = "mysql")]
            Engine::MySql(store) => Some(store.server_time().await?),
            #[cfg(feature = "postgres")]
            Engine::Postgres(store) => Some(store.server_time().await?),
            #[cfg(feature = "redis")]
            Engine::Redis(store) => Some(store.server_time().await?),
        })
    }

    /// The integrations to look at: the named one, or all that have records.
    pub(crate) async fn clients(&self, named: Option<String>) -> Result<Vec<ClientId>> {
        match named {
            Some(id) => Ok(vec![ClientId::new(id)]),
            None => Ok(self.tokens.clients().await?),
        }
    }

    /// The integration to look at: the named one, or the only one that has records.
    pub(crate) async fn client(&self, named: Option<String>) -> Result<ClientId> {
        let mut clients = self.clients(named).await?;
        ensure!(
            clients.len() < 2,
            "the store has connections of several integrations: name one with --client-id ({})",
            clients
                .iter()
                .map(|id| shown(id.as_str()))
                .collect::<Vec<_>>()
                .join(", ")
        );
        clients.pop().context("the store has no connections")
    }
}
