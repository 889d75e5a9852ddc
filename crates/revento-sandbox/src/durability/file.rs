//! The data file: one SQLite database with every row that differs from the seed.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqliteSynchronous};
use sqlx::{Connection as _, Row as _, SqliteConnection};

use super::entry::Entry;
use super::error::DataFileError;
use crate::platform::state::State;

/// "RVSB", in the header of every data file.
const APPLICATION_ID: i64 = 0x5256_5342;
/// The version of the file format; it grows with every change.
const FORMAT: i64 = 1;

/// Opens or creates a data file and loads its rows into `state`.
pub(crate) async fn open(path: &Path, state: &mut State) -> Result<SqliteConnection, DataFileError> {
    create(path)?;
    let plain = SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(Duration::from_millis(200));
    // The first connection writes nothing, so that the file of another program stays unchanged.
    let mut reader = SqliteConnection::connect_with(&plain).await?;
    recognise(&mut reader).await?;
    reader.close().await?;
    let options = plain
        .journal_mode(SqliteJournalMode::Wal)
        .locking_mode(SqliteLockingMode::Exclusive)
        .synchronous(SqliteSynchronous::Normal);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    prepare(&mut connection).await?;
    load(&mut connection, state).await?;
    Ok(connection)
}

/// Creates the file if there is none. Only its owner may read it, because it contains test secrets and personal data.
///
/// A file that exists is not opened: closing it again would release the locks that another sandbox of this process holds on it
/// (<https://sqlite.org/howtocorrupt.html>, 2.2).
fn create(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

async fn number(connection: &mut SqliteConnection, sql: &'static str) -> Result<i64, sqlx::Error> {
    sqlx::query(sql).fetch_one(connection).await?.try_get(0)
}

/// Accepts an empty file, or one of a sandbox in a known format.
async fn recognise(connection: &mut SqliteConnection) -> Result<(), DataFileError> {
    let application = number(connection, "PRAGMA application_id").await?;
    let tables = number(connection, "SELECT count(*) FROM sqlite_master").await?;
    let format = number(connection, "PRAGMA user_version").await?;
    let fresh = application == 0 && format == 0 && tables == 0;
    if !fresh && application != APPLICATION_ID {
        return Err(DataFileError::NotOurs);
    }
    if format > FORMAT {
        return Err(DataFileError::Newer {
            found: format,
            known: FORMAT,
        });
    }
    Ok(())
}

async fn prepare(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    for sql in [
        "PRAGMA application_id = 1381389122",
        "PRAGMA user_version = 1",
        "CREATE TABLE IF NOT EXISTS rows (kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, \
         PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID",
    ] {
        sqlx::query(sql).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

async fn load(connection: &mut SqliteConnection, state: &mut State) -> Result<(), DataFileError> {
    let damaged = |error: sqlx::Error| DataFileError::Damaged(error.to_string());
    let rows = sqlx::query("SELECT kind, body FROM rows")
        .fetch_all(connection)
        .await?;
    for row in rows {
        let kind: String = row.try_get(0).map_err(damaged)?;
        let body: String = row.try_get(1).map_err(damaged)?;
        state.load(&kind, &body).map_err(DataFileError::Damaged)?;
    }
    state.rebuild_indexes();
    Ok(())
}

/// Writes entries in one transaction.
pub(super) async fn write(connection: &mut SqliteConnection, entries: &[Entry]) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    for entry in entries {
        let changes = match entry {
            Entry::Clear => {
                sqlx::query("DELETE FROM rows").execute(&mut *transaction).await?;
                continue;
            }
            Entry::Changes(changes) => changes,
        };
        for change in changes {
            let query = match &change.body {
                Some(body) => sqlx::query("INSERT OR REPLACE INTO rows (kind, id, body) VALUES (?, ?, ?)")
                    .bind(change.table)
                    .bind(&change.key)
                    .bind(body),
                None => sqlx::query("DELETE FROM rows WHERE kind = ? AND id = ?")
                    .bind(change.table)
                    .bind(&change.key),
            };
            query.execute(&mut *transaction).await?;
        }
    }
    transaction.commit().await
}
