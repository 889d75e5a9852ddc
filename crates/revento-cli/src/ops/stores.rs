//! The stores of a service, by a URL.

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result, bail, ensure};
use revento::{
    SqliteStore,
    store::{DeletionStore, InboxStore, TokenStore},
    store_postgres::PostgresOptions,
    store_redis::RedisOptions,
};

use super::shown;

#[derive(Debug, clap::Args)]
pub(crate) struct StoreArguments {
    /// The service's store: `sqlite:PATH`, `postgres://…` or `redis://…`.
    #[arg(long, value_name = "URL", env = "REVENTO_STORE", hide_env_values = true)]
    store: String,
    /// The PostgreSQL schema, if it is not the default of the store.
    #[arg(long, value_name = "NAME")]
    schema: Option<String>,
    /// The prefix of the keys in Redis, if it is not the default of the store.
    #[arg(long, value_name = "TEXT")]
    key_prefix: Option<String>,
}

/// The open stores. Redis holds tokens only.
pub(crate) struct Stores {
    pub(crate) tokens: Arc<dyn TokenStore>,
    inbox: Option<Arc<dyn InboxStore>>,
    deletions: Option<Arc<dyn DeletionStore>>,
}

impl Stores {
    pub(crate) async fn open(arguments: &StoreArguments) -> Result<Self> {
        // The rest can contain a password, so no error shows it.
        let (scheme, rest) = arguments
            .store
            .split_once(':')
            .context("--store names no kind of store: give sqlite:PATH, postgres://… or redis://…")?;
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" => Self::sqlite(rest.strip_prefix("//").unwrap_or(rest)).await,
            "postgres" | "postgresql" => Self::postgres(arguments).await,
            "redis" | "rediss" => Self::redis(arguments).await,
            _ => bail!(
                "--store has the unknown scheme {}: give sqlite:PATH, postgres://… or redis://…",
                shown(scheme)
            ),
        }
    }

    async fn sqlite(path: &str) -> Result<Self> {
        // Opening would create the file.
        ensure!(Path::new(path).is_file(), "there is no database {}", shown(path));
        let store = SqliteStore::open(path).await?;
        Ok(Self::complete(store))
    }

    async fn postgres(arguments: &StoreArguments) -> Result<Self> {
        let mut options = PostgresOptions::new(&arguments.store);
        if let Some(schema) = &arguments.schema {
            options = options.schema(schema);
        }
        Ok(Self::complete(options.connect().await?))
    }

    async fn redis(arguments: &StoreArguments) -> Result<Self> {
        let mut options = RedisOptions::new(&arguments.store);
        if let Some(prefix) = &arguments.key_prefix {
            options = options.prefix(prefix);
        }
        Ok(Self {
            tokens: Arc::new(options.connect().await?),
            inbox: None,
            deletions: None,
        })
    }

    fn complete(store: impl TokenStore + InboxStore + DeletionStore + Clone + 'static) -> Self {
        Self {
            tokens: Arc::new(store.clone()),
            inbox: Some(Arc::new(store.clone())),
            deletions: Some(Arc::new(store)),
        }
    }

    pub(crate) fn inbox(&self) -> Result<&dyn InboxStore> {
        self.inbox
            .as_deref()
            .context("this store has no inbox: name the database that has it")
    }

    pub(crate) fn deletions(&self) -> Result<&dyn DeletionStore> {
        self.deletions
            .as_deref()
            .context("this store has no deletion duties: name the database that has them")
    }
}
