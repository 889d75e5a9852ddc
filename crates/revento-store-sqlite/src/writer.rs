//! The one connection that writes.
//!
//! Not a pool: a pool takes a connection back in a task of its own, and its check before each use costs as much as a statement.

use std::{
    ops::{Deref, DerefMut},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::{ConnectOptions, Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use tokio::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};

use crate::checkpointer::Checkpointer;

/// How long a caller waits for a connection.
pub(crate) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// The connection that writes. Callers take turns in the order in which they ask. A clone is another handle to the same connection.
#[derive(Clone)]
pub(crate) struct Writer(Arc<Shared>);

struct Shared {
    options: SqliteConnectOptions,
    /// `None` if it was of no more use, or is closed.
    connection: Arc<Mutex<Option<SqliteConnection>>>,
    /// Whether a turn was dropped in the middle of a transaction.
    interrupted: AtomicBool,
    closed: AtomicBool,
    checkpointer: Checkpointer,
}

impl Writer {
    pub(crate) async fn open(options: SqliteConnectOptions) -> Result<Self, sqlx::Error> {
        let connection = options.connect().await?;
        Ok(Self(Arc::new(Shared {
            checkpointer: Checkpointer::new(options.clone()),
            options,
            connection: Arc::new(Mutex::new(Some(connection))),
            interrupted: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        })))
    }

    /// The file.
    pub(crate) fn file(&self) -> &Path {
        self.0.options.get_filename()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::Acquire)
    }

    /// Waits for a turn. Whatever the last one left undone when it was dropped is rolled back first.
    pub(crate) async fn turn(&self) -> Result<Turn, sqlx::Error> {
        let locked = Arc::clone(&self.0.connection).lock_owned();
        let locked = tokio::time::timeout(ACQUIRE_TIMEOUT, locked).await;
        let mut slot = locked.map_err(|_| sqlx::Error::PoolTimedOut)?;
        if self.is_closed() {
            return Err(sqlx::Error::PoolClosed);
        }
        if self.0.interrupted.load(Ordering::Acquire) {
            if let Some(connection) = slot.take() {
                *slot = rolled_back(connection).await;
            }
            self.0.interrupted.store(false, Ordering::Release);
        }
        if slot.is_none() {
            *slot = Some(self.0.options.connect().await?);
        }
        let connection =
            OwnedMutexGuard::try_map(slot, Option::as_mut).map_err(|_| sqlx::Error::PoolClosed)?;
        Ok(Turn {
            connection,
            shared: Arc::clone(&self.0),
            is_clean: false,
        })
    }

    /// A turn with a transaction that holds the write lock.
    pub(crate) async fn begin(&self) -> Result<WriteTransaction, sqlx::Error> {
        let mut turn = self.turn().await?;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *turn).await?;
        Ok(WriteTransaction(turn))
    }

    /// Waits for a turn during which no checkpoint runs.
    pub(crate) async fn turn_without_checkpoint(&self) -> Result<Turn, sqlx::Error> {
        let turn = self.turn().await?;
        self.0.checkpointer.pause().await;
        Ok(turn)
    }

    /// Waits for the running turn and closes the connections.
    pub(crate) async fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
        let connection = self.0.connection.lock().await.take();
        self.0.checkpointer.close().await;
        if let Some(connection) = connection {
            // It is closed in any case. An error says only that the log was not written back.
            let _ = connection.close().await;
        }
    }
}

/// The connection without the transaction that was interrupted. `None` if it is of no more use.
async fn rolled_back(mut connection: SqliteConnection) -> Option<SqliteConnection> {
    // The interrupted statement comes first, so this waits for its end. It fails if that was the commit, or if SQLite has rolled back
    // by itself: then there is nothing to roll back. Whether a transaction can begin tells whether all is well.
    let _ = sqlx::query("ROLLBACK").execute(&mut connection).await;
    let begins = sqlx::raw_sql("BEGIN; ROLLBACK").execute(&mut connection).await;
    begins.is_ok().then_some(connection)
}

/// The right to use the connection, for one transaction.
pub(crate) struct Turn {
    connection: OwnedMappedMutexGuard<Option<SqliteConnection>, SqliteConnection>,
    shared: Arc<Shared>,
    is_clean: bool,
}

impl Turn {
    /// Rolls back what an error has left open.
    pub(crate) async fn clean(&mut self) -> Result<(), sqlx::Error> {
        // There may be nothing to roll back. Whether a transaction can begin tells whether all is well.
        let _ = sqlx::query("ROLLBACK").execute(&mut **self).await;
        sqlx::raw_sql("BEGIN; ROLLBACK")
            .execute(&mut **self)
            .await
            .map(drop)
    }

    /// Ends the turn after a transaction that wrote about so many pages.
    pub(crate) fn end_written(self, pages: usize) {
        self.shared.checkpointer.wrote(pages);
        self.end();
    }

    /// Ends the turn when no transaction is open.
    pub(crate) fn end(mut self) {
        self.is_clean = true;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if self.is_clean {
            return;
        }
        self.shared.interrupted.store(true, Ordering::Release);
        // Another process may wait for the lock, so this does not wait for the next turn. Without a runtime it has to.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let writer = Writer(Arc::clone(&self.shared));
            runtime.spawn(async move {
                if let Ok(turn) = writer.turn().await {
                    turn.end();
                }
            });
        }
    }
}

impl Deref for Turn {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.connection
    }
}

impl DerefMut for Turn {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

/// A transaction. If it is dropped before its commit, it changes nothing.
pub(crate) struct WriteTransaction(Turn);

impl WriteTransaction {
    pub(crate) async fn commit(mut self) -> Result<(), sqlx::Error> {
        sqlx::query("COMMIT").execute(&mut *self.0).await?;
        self.0.end();
        Ok(())
    }
}

impl Deref for WriteTransaction {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        &self.0
    }
}

impl DerefMut for WriteTransaction {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        &mut self.0
    }
}
