//! Where the contestants keep their data: one folder, and one PostgreSQL.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, Result};
use revento_store::InboxAdmin;
use revento_store_postgres::PostgresOptions;
use revento_store_sqlite::SqliteStore;
use tempfile::TempDir;

/// The folder and the server of a measurement.
pub(super) struct Site {
    folder: TempDir,
    pub(super) postgres_url: Option<String>,
}

/// What keeps an inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    Sqlite,
    Postgres,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
}

impl Engine {
    /// Its name in a table.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

impl Site {
    /// A new folder in this one, or where temporary files are.
    pub(super) fn new(folder: Option<&Path>, postgres_url: Option<String>) -> Result<Self> {
        let parent = folder.map_or_else(std::env::temp_dir, Path::to_owned);
        let folder = tempfile::Builder::new()
            .prefix("revento-bench-")
            .tempdir_in(parent)?;
        Ok(Self { folder, postgres_url })
    }

    pub(super) fn engines(&self) -> Vec<Engine> {
        let mut engines = vec![Engine::Sqlite];
        engines.extend(self.postgres_url.as_ref().map(|_| Engine::Postgres));
        engines
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn postgres_url(&self) -> Result<&str> {
        self.postgres_url.as_deref().context("there is no PostgreSQL")
    }

    /// The store of this name; a new one if there is none.
    pub(super) async fn store(&self, engine: Engine, name: &str) -> Result<Arc<dyn InboxAdmin>> {
        match engine {
            Engine::Sqlite => sqlite(&self.path(name)).await,
            Engine::Postgres => postgres(self.postgres_url()?, name).await,
        }
    }
}

pub(super) async fn sqlite(file: &Path) -> Result<Arc<dyn InboxAdmin>> {
    Ok(Arc::new(SqliteStore::open(file).await?))
}

pub(super) async fn postgres(url: &str, schema: &str) -> Result<Arc<dyn InboxAdmin>> {
    Ok(Arc::new(
        PostgresOptions::new(url).schema(schema).connect().await?,
    ))
}
