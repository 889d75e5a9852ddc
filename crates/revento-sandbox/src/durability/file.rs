//! The data file: one SQLite database that holds every row that differs from the seed.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqliteSynchronous};
use sqlx::{Connection as _, Row as _, SqliteConnection};

use super::journal::Entry;
use crate::platform::state::State;
use crate::start::StartError;

/// "RVSB", in the header of every data file.
const APPLICATION_ID: i64 = 0x5256_5342;
/// Grows with every change of the format.
const FORMAT: i64 = 1;

/// Opens or creates a data file and lays its rows over `state`.
pub(crate) async fn open(path: &Path, state: &mut State) -> Result<SqliteConnection, StartError> {
    create(path).map_err(|error| not_writable(path, error))?;
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .locking_mode(SqliteLockingMode::Exclusive)
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_millis(200));
    // The very first statements write nothing, so that a foreign file stays as it is.
    let plain = SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(Duration::from_millis(200));
    let mut peek = SqliteConnection::connect_with(&plain)
        .await
        .map_err(|error| refused(path, error))?;
    recognise(&mut peek, path).await?;
    peek.close().await.map_err(|error| refused(path, error))?;
    let mut connection = SqliteConnection::connect_with(&options)
        .await
        .map_err(|error| refused(path, error))?;
    prepare(&mut connection)
        .await
        .map_err(|error| refused(path, error))?;
    load(&mut connection, path, state).await?;
    Ok(connection)
}

/// Only its owner may read the file: it remembers who was connected to what.
fn create(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path).map(drop)
}

async fn number(connection: &mut SqliteConnection, sql: &'static str) -> Result<i64, sqlx::Error> {
    sqlx::query(sql).fetch_one(connection).await?.try_get(0)
}

async fn recognise(connection: &mut SqliteConnection, path: &Path) -> Result<(), StartError> {
    let application = number(connection, "PRAGMA application_id")
        .await
        .map_err(|error| refused(path, error))?;
    let tables = number(connection, "SELECT count(*) FROM sqlite_master")
        .await
        .map_err(|error| refused(path, error))?;
    let format = number(connection, "PRAGMA user_version")
        .await
        .map_err(|error| refused(path, error))?;
    let fresh = application == 0 && format == 0 && tables == 0;
    if !fresh && application != APPLICATION_ID {
        return Err(StartError::DataNotOurs {
            path: path.to_owned(),
        });
    }
    if format > FORMAT {
        return Err(StartError::DataNewer {
            path: path.to_owned(),
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

async fn load(connection: &mut SqliteConnection, path: &Path, state: &mut State) -> Result<(), StartError> {
    let damaged = |detail: String| StartError::DataDamaged {
        path: path.to_owned(),
        detail,
    };
    let rows = sqlx::query("SELECT kind, body FROM rows")
        .fetch_all(connection)
        .await
        .map_err(|error| refused(path, error))?;
    for row in rows {
        let kind: String = row.try_get(0).map_err(|error| damaged(error.to_string()))?;
        let body: String = row.try_get(1).map_err(|error| damaged(error.to_string()))?;
        state.load(&kind, &body).map_err(damaged)?;
    }
    state.index();
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

fn not_writable(path: &Path, source: impl std::error::Error + Send + Sync + 'static) -> StartError {
    StartError::DataNotWritable {
        path: path.to_owned(),
        source: Box::new(source),
    }
}

fn refused(path: &Path, error: sqlx::Error) -> StartError {
    let code = error
        .as_database_error()
        .and_then(|error| error.code())
        .and_then(|code| code.parse::<u32>().ok());
    match code.map(|code| code & 0xff) {
        // SQLITE_BUSY, SQLITE_LOCKED
        Some(5 | 6) => StartError::DataInUse {
            path: path.to_owned(),
        },
        // SQLITE_NOTADB
        Some(26) => StartError::DataNotOurs {
            path: path.to_owned(),
        },
        // SQLITE_CORRUPT
        Some(11) => StartError::DataDamaged {
            path: path.to_owned(),
            detail: error.to_string(),
        },
        _ => not_writable(path, error),
    }
}
