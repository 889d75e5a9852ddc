//! One process keeps everything in an SQLite file. Several replicas share a PostgreSQL database.

use std::{fs, os::unix::fs::DirBuilderExt, sync::Arc};

use anyhow::Context as _;
use revento::{PostgresStore, SqliteStore, store_postgres::PostgresOptions};
use revento_example_service::Stores;

use crate::Settings;

/// The database of the integration.
#[derive(Debug, Clone)]
pub enum Database {
    /// A file of this machine.
    Sqlite(SqliteStore),
    /// A server that all replicas use.
    Postgres(PostgresStore),
}

impl Database {
    /// Opens the database, and brings its tables up to date.
    ///
    /// # Errors
    /// It cannot be opened.
    pub async fn open(settings: &Settings) -> anyhow::Result<Self> {
        let mut directory = fs::DirBuilder::new();
        let created = directory.recursive(true).mode(0o700).create(&settings.data);
        created.with_context(|| format!("creating DATA_DIR {}", settings.data.display()))?;
        Ok(match &settings.database_url {
            Some(url) => {
                let options = PostgresOptions::new(url).schema(&settings.database_schema);
                Self::Postgres(options.connect().await?)
            }
            None => Self::Sqlite(SqliteStore::open(settings.data.join("integration.db")).await?),
        })
    }

    /// The stores in this database.
    pub fn stores(&self) -> Stores {
        match self {
            Self::Sqlite(store) => Stores::from(store),
            Self::Postgres(store) => Stores {
                tokens: Arc::new(store.clone()),
                inbox: Arc::new(store.clone()),
                deletions: Arc::new(store.clone()),
                once: Arc::new(store.clone()),
                budgets: Some(Arc::new(store.clone())),
            },
        }
    }

    /// Waits for running calls, and closes the database.
    ///
    /// # Errors
    /// The log of the SQLite file could not be written back. Nothing is lost.
    pub async fn close(&self) -> anyhow::Result<()> {
        match self {
            Self::Sqlite(store) => store.close().await?,
            Self::Postgres(store) => store.close().await,
        }
        Ok(())
    }
}
