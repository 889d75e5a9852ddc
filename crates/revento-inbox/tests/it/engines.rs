//! The stores that the tests run with.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use revento_store::InboxStore;
use revento_store_postgres::PostgresOptions;
use revento_store_sqlite::SqliteStore;
use tempfile::TempDir;

/// The location of a store, empty at first. Each opening acts as another replica.
#[derive(Debug)]
pub(crate) enum Place {
    Sqlite(TempDir),
    /// The folder that another process created.
    Elsewhere(PathBuf),
    Postgres {
        url: String,
        schema: String,
    },
}

impl Place {
    /// The location as text, to pass to another process.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Sqlite(directory) => directory.path().to_str().unwrap().to_owned(),
            Self::Elsewhere(folder) => folder.to_str().unwrap().to_owned(),
            Self::Postgres { url, schema } => format!("{url} {schema}"),
        }
    }

    /// The location that another process passed.
    pub(crate) fn from_text(text: &str) -> Self {
        match text.split_once(' ') {
            Some((url, schema)) => Self::Postgres {
                url: url.to_owned(),
                schema: schema.to_owned(),
            },
            None => Self::Elsewhere(text.into()),
        }
    }

    pub(crate) async fn open(&self) -> Arc<dyn InboxStore> {
        match self {
            Self::Sqlite(directory) => sqlite(directory.path()).await,
            Self::Elsewhere(folder) => sqlite(folder).await,
            Self::Postgres { url, schema } => {
                let options = PostgresOptions::new(url).schema(schema).max_connections(3);
                Arc::new(options.connect().await.unwrap())
            }
        }
    }
}

async fn sqlite(folder: &Path) -> Arc<dyn InboxStore> {
    let file = folder.join("inbox.sqlite");
    Arc::new(SqliteStore::open(file).await.unwrap())
}

/// Returns one location for each engine.
pub(crate) fn all() -> Vec<Place> {
    let sqlite = Place::Sqlite(tempfile::tempdir().unwrap());
    let url = std::env::var("REVENTO_TEST_POSTGRES")
        .ok()
        .filter(|url| !url.is_empty());
    if url.is_none() {
        println!("skipped: no PostgreSQL (cargo xtask test brings it)");
    }
    let postgres = url.map(|url| Place::Postgres { url, schema: fresh() });
    [Some(sqlite), postgres].into_iter().flatten().collect()
}

/// Returns an unused schema name.
fn fresh() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("revento_inbox_{}_{count}", std::process::id())
}
