//! The stores of a service, by a URL.

use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use revento::{
    SqliteStore, Timestamp,
    store::{DeletionStore, InboxAdmin, TokenAdmin},
    store_mysql::{MySqlOptions, MySqlStore},
    store_postgres::{PostgresOptions, PostgresStore},
    store_redis::{RedisOptions, RedisStore},
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
    MySql(MySqlStore),
    Postgres(PostgresStore),
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
            "postgres" | "postgresql" => Self::postgres(arguments).await,
            "mysql" | "mariadb" => Self::mysql(arguments).await,
            "redis" | "rediss" => Self::redis(arguments).await,
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

    async fn postgres(arguments: &StoreArguments) -> Result<Self> {
        let mut options = PostgresOptions::new(&arguments.store).without_migrations();
        if let Some(schema) = &arguments.schema {
            options = options.schema(schema);
        }
        let store = options.connect().await?;
        Ok(Self::complete(store.clone(), Engine::Postgres(store)))
    }

    async fn mysql(arguments: &StoreArguments) -> Result<Self> {
        let options = MySqlOptions::new(&arguments.store).without_migrations();
        let store = options.connect().await?;
        Ok(Self::complete(store.clone(), Engine::MySql(store)))
    }

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
            Engine::MySql(_) => Some(MySqlStore::SCHEMA_VERSION),
            Engine::Postgres(_) => Some(PostgresStore::SCHEMA_VERSION),
            Engine::Redis(_) => None,
        }
    }

    /// The time by the server's clock; `None` for an engine without a server.
    pub(crate) async fn server_time(&self) -> Result<Option<Timestamp>> {
        Ok(match &self.engine {
            Engine::Sqlite => None,
            Engine::MySql(store) => Some(store.server_time().await?),
            Engine::Postgres(store) => Some(store.server_time().await?),
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
