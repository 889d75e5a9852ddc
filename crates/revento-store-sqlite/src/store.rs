//! [`SqliteStore`]: the handle to an open file.

use std::{fmt, path::Path, time::Duration};

use revento_store::StoreError;
use sqlx::{
    Sqlite, SqlitePool,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};
use tokio::time::{Instant, sleep};

use crate::{
    OpenError,
    connect::{self, LOCK_TIMEOUT},
    error::failed,
    inbox::{self, Queue},
    schema,
    writer::{WriteTransaction, Writer},
};

/// Tokens and webhook deliveries in one SQLite file. A clone is another handle to the same connections.
#[derive(Clone)]
pub struct SqliteStore {
    pub(crate) writer: Writer,
    pub(crate) readers: SqlitePool,
    /// The calls of the inbox that wait for a transaction.
    pub(crate) queue: Queue,
}

impl SqliteStore {
    /// Opens the file, creates it if there is none, and brings its schema up to date. The directory has to exist.
    ///
    /// The path is a path and nothing else: `:memory:` and URIs such as `file:…` or `sqlite:…` are refused, because they would name a
    /// file that nobody means. A relative path counts from the current directory of the process at this moment. For a store in memory
    /// use [`revento_store::memory`].
    ///
    /// # Errors
    /// See [`OpenError`]: each kind says what to do.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let (writer, readers) = connect::open(path.as_ref()).await?;
        Ok(Self {
            writer,
            readers,
            queue: inbox::queue(),
        })
    }

    /// Opens a file of a service that may be running, as tools for operators do: it creates no file, and leaves its schema as it is.
    ///
    /// # Errors
    /// As [`open`](Self::open); [`OpenError::NoFile`] if there is none, and [`OpenError::TooOld`] if the service has to bring the
    /// file's schema up to date first.
    pub async fn open_existing(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let (writer, readers) = connect::open_existing(path.as_ref()).await?;
        Ok(Self {
            writer,
            readers,
            queue: inbox::queue(),
        })
    }

    /// The version of the schema that this store reads and writes.
    pub const SCHEMA_VERSION: u32 = schema::VERSION;

    /// Waits for running calls, writes the log back into the file and closes it. Later calls on any handle fail. A process that ends
    /// without closing loses nothing; the next one to open the file reads the log.
    ///
    /// # Errors
    /// The log could not be written back. The file is closed, and nothing is lost.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.readers.close().await;
        let checkpoint = self.checkpoint().await;
        self.writer.close().await;
        match checkpoint {
            Err(sqlx::Error::PoolClosed) => Ok(()),
            other => other.map(drop).map_err(failed("closing the store")),
        }
    }

    /// Writes the log back into the file and truncates it, so that no earlier state of a page is left in it.
    pub(crate) async fn empty_log(&self) -> Result<(), sqlx::Error> {
        let started = Instant::now();
        loop {
            if self.checkpoint().await? {
                return Ok(());
            }
            // SQLite has waited for readers, but not for a checkpoint of another process.
            if started.elapsed() >= LOCK_TIMEOUT {
                break;
            }
            sleep(Duration::from_millis(20)).await;
        }
        let error = "another connection reads an earlier state of the file, so its log cannot be emptied";
        Err(sqlx::Error::Io(std::io::Error::other(error)))
    }

    /// `false` if another connection still needs the log.
    async fn checkpoint(&self) -> Result<bool, sqlx::Error> {
        let mut turn = self.writer.turn_without_checkpoint().await?;
        let is_busy: i64 = sqlx::query_scalar("PRAGMA wal_checkpoint(TRUNCATE)")
            .fetch_one(&mut *turn)
            .await?;
        turn.end();
        Ok(is_busy == 0)
    }

    /// A transaction that holds the write lock. If it is dropped before its commit, it changes nothing.
    pub(crate) async fn write(&self) -> Result<WriteTransaction, sqlx::Error> {
        self.writer.begin().await
    }
}

impl SqliteStore {
    /// Runs a script that is one transaction: a single statement, or several from `BEGIN IMMEDIATE` to `COMMIT`. It is one message to
    /// the connection's thread, and a message costs as much as a simple statement. Returns the rows of all statements.
    ///
    /// If the call is dropped, a script that has not begun does nothing, because it ends when nobody takes the answer to its `BEGIN`. A
    /// single statement may still take effect.
    ///
    /// The parameters of a script are numbered from `?1` on without a gap in each of its statements.
    pub(crate) async fn transact(
        &self,
        script: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<Vec<SqliteRow>, sqlx::Error> {
        let mut turn = self.writer.turn().await?;
        let rows = script.fetch_all(&mut *turn).await?;
        turn.end();
        Ok(rows)
    }
}

/// A limit as SQL takes it.
pub(crate) fn row_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("file", &self.writer.file())
            .field("closed", &self.writer.is_closed())
            .finish()
    }
}
