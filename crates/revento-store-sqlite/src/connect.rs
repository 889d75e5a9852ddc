//! From a path to connections: check the name, create, recognize, migrate, switch to the write-ahead log.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use sqlx::{
    ConnectOptions, Connection, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    OpenError,
    error::{BUSY, LOCKED, result_code},
    schema::{self, Migrated},
    writer::{ACQUIRE_TIMEOUT, Writer},
};

/// How long a statement waits for another process's lock: shorter than [`ACQUIRE_TIMEOUT`], so that an error names the lock.
pub(crate) const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
const READERS: u32 = 4;
/// How many prepared statements a connection keeps. Batches have one for each size.
const STATEMENTS: usize = 256;
/// How many rows a connection's thread hands over before it waits for their reader.
const ROWS: usize = 512;

/// Prepares the file and opens the writer and the readers.
pub(crate) async fn open(path: &Path) -> Result<(Writer, SqlitePool), OpenError> {
    check_name(path)?;
    let file = create(path).map_err(|error| OpenError::from_io(path, error))?;
    if !file.is_file() {
        return Err(OpenError::NotAFile { path: file });
    }
    prepare(&file).await?;
    pools(&file).await
}

/// Opens the file if it has the latest schema, and changes nothing.
pub(crate) async fn open_existing(path: &Path) -> Result<(Writer, SqlitePool), OpenError> {
    check_name(path)?;
    let file = match path.canonicalize() {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(OpenError::NoFile {
                path: path.to_owned(),
            });
        }
        Err(error) => return Err(OpenError::from_io(path, error)),
    };
    if !file.is_file() {
        return Err(OpenError::NotAFile { path: file });
    }
    let failed = |error| OpenError::from_sqlite(&file, error);
    let mut connection = options(&file).connect().await.map_err(failed)?;
    let mut tx = connection.begin().await.map_err(failed)?;
    let checked = schema::check(&mut tx).await.map_err(failed)?;
    drop(tx);
    refuse(&file, checked)?;
    connection.close().await.map_err(failed)?;
    pools(&file).await
}

/// The error for a file that cannot be used as it is.
fn refuse(file: &Path, found: Migrated) -> Result<(), OpenError> {
    let path = file.to_owned();
    match found {
        Migrated::NotOurs => Err(OpenError::NotOurs { path }),
        Migrated::TooNew { found, known } => Err(OpenError::TooNew { path, found, known }),
        Migrated::TooOld { found, needed } => Err(OpenError::TooOld { path, found, needed }),
        Migrated::Failed { version, error } => Err(OpenError::from_migration(file, version, error)),
        Migrated::Yes | Migrated::WithOldRemains => Ok(()),
    }
}

async fn pools(file: &Path) -> Result<(Writer, SqlitePool), OpenError> {
    let pools = async {
        // To undo a statement, SQLite copies the pages that it changes: in a temporary file that takes as long as the statement.
        let writer = Writer::open(options(file).pragma("temp_store", "MEMORY")).await?;
        let readers = pool(READERS)
            .connect_with(options(file).pragma("query_only", "ON"))
            .await?;
        Ok((writer, readers))
    };
    pools.await.map_err(|error| OpenError::from_sqlite(file, error))
}

/// Refuses texts that are no path of a file, but that a path type takes.
fn check_name(path: &Path) -> Result<(), OpenError> {
    let text = path.to_string_lossy();
    let is_uri = |scheme: &str| {
        let beginning = text.get(..scheme.len());
        beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(scheme))
    };
    let reason = if text.trim().is_empty() {
        "it is empty"
    } else if text.eq_ignore_ascii_case(":memory:") {
        "that is SQLite's name for a database in memory, for which `revento_store::memory` has stores"
    } else if is_uri("file:") || is_uri("sqlite:") {
        "that is a URI"
    } else if text.ends_with(std::path::is_separator) {
        "that is a directory"
    } else if text.trim() != text || text.contains(char::is_control) {
        "it begins or ends with white space, or has a control character"
    } else {
        return Ok(());
    };
    let path = path.to_owned();
    Err(OpenError::BadName { path, reason })
}

/// Creates an empty file that only its owner can read; SQLite gives its companions the same mode. Returns the absolute path, which
/// SQLite does not mistake for a URI.
///
/// It does not open a file that exists: closing it again would release the locks that SQLite may hold on it elsewhere in this process
/// (<https://sqlite.org/howtocorrupt.html>, 2.2).
fn create(path: &Path) -> io::Result<PathBuf> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    let file = directory.canonicalize()?.join(name);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(&file) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(file),
    }
}

/// Recognizes and migrates the file before anything else changes it.
async fn prepare(file: &Path) -> Result<(), OpenError> {
    let failed = |error| OpenError::from_sqlite(file, error);
    let mut connection = options(file).connect().await.map_err(failed)?;
    let mut tx = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    let migrated = schema::migrate(&mut tx).await.map_err(failed)?;
    let has_old_remains = matches!(migrated, Migrated::WithOldRemains);
    refuse(file, migrated)?;
    tx.commit().await.map_err(failed)?;
    if has_old_remains {
        schema::wipe_remains(&mut connection).await.map_err(failed)?;
    }
    if !write_ahead(&mut connection).await.map_err(failed)? {
        return Err(OpenError::NoWriteAheadLog {
            path: file.to_owned(),
        });
    }
    connection.close().await.map_err(failed)
}

/// Switches to the write-ahead log, which the file remembers. Nobody else may use the file during the switch, and SQLite does not wait
/// for that.
async fn write_ahead(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    const PAUSE: Duration = Duration::from_millis(20);
    let mut waited = Duration::ZERO;
    loop {
        let switch = sqlx::query_scalar::<_, String>("PRAGMA journal_mode = WAL").fetch_one(&mut *connection);
        match switch.await {
            Err(error) if waited < LOCK_TIMEOUT && matches!(result_code(&error), Some(BUSY | LOCKED)) => {
                tokio::time::sleep(PAUSE).await;
                waited += PAUSE;
            }
            mode => return Ok(mode? == "wal"),
        }
    }
}

fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .busy_timeout(LOCK_TIMEOUT)
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "ON")
        .statement_cache_capacity(STATEMENTS)
        .row_buffer_size(ROWS)
        .disable_statement_logging()
}

/// Connections without a lifetime give the pool nothing to do in the background.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
}
