//! What the stores in SQL share: the tables, a transaction that writes, and the reasons of errors.

use std::{error::Error, path::Path, time::Duration};

use revento_store::{DecodeSlotError, StoreError, StoreErrorReason, columns::index_text};
use sqlx::{
    Sqlite, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;
pub(crate) type Tx = Transaction<'static, Sqlite>;

/// Ids are bytes, because text has a collation. What the lists ask for has a column; the rest of a record is in `slot`.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS counter (last BIGINT NOT NULL);
    INSERT INTO counter SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM counter);

    CREATE TABLE IF NOT EXISTS connections (
        id BLOB PRIMARY KEY, client BLOB NOT NULL, event BLOB NOT NULL, due_at BIGINT, slot BLOB NOT NULL);
    CREATE INDEX IF NOT EXISTS connections_by_client ON connections (client, id);
    CREATE INDEX IF NOT EXISTS connections_by_event ON connections (client, event, id);
    CREATE INDEX IF NOT EXISTS connections_by_expiry ON connections (client, due_at, id);

    CREATE TABLE IF NOT EXISTS deliveries (
        id BLOB PRIMARY KEY, delivery_id BLOB NOT NULL, queue BLOB, arrival BIGINT NOT NULL,
        state TEXT NOT NULL, at BIGINT NOT NULL, slot BLOB NOT NULL);
    CREATE INDEX IF NOT EXISTS deliveries_by_delivery_id ON deliveries (delivery_id);
    CREATE INDEX IF NOT EXISTS deliveries_by_queue ON deliveries (queue, arrival);
    CREATE INDEX IF NOT EXISTS deliveries_by_state ON deliveries (state, at, id);
    CREATE VIEW IF NOT EXISTS leasable AS SELECT * FROM deliveries AS it
        WHERE state IN ('queued', 'leased')
        AND (queue IS NULL OR arrival = (SELECT min(arrival) FROM deliveries WHERE queue = it.queue));

    CREATE TABLE IF NOT EXISTS duties (id BLOB PRIMARY KEY, open_until BIGINT, duty BLOB NOT NULL);
    CREATE INDEX IF NOT EXISTS duties_by_deadline ON duties (open_until, id);

    CREATE TABLE IF NOT EXISTS budgets (id BLOB PRIMARY KEY, state BLOB NOT NULL, idle_at BIGINT NOT NULL);
    CREATE TABLE IF NOT EXISTS marks (id BLOB PRIMARY KEY, until BIGINT NOT NULL);";

/// Stores of every kind in one database. A clone is another handle to it.
#[derive(Debug, Clone)]
pub struct SqlStore(pub(crate) SqlitePool);

impl SqlStore {
    /// Opens the database in a file, and creates it if there is none. Fails when the engine does.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, sqlx::Error> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(30));
        // SQLite has one writer at a time. A server takes more connections.
        let pool = SqlitePoolOptions::new().max_connections(1);
        let pool = pool.connect_with(options).await?;
        sqlx::raw_sql(SCHEMA).execute(&pool).await?;
        Ok(Self(pool))
    }

    /// Begins a transaction that writes, and draws a number that no other transaction gets.
    ///
    /// The first statement locks the row of the counter until the end of the transaction. So those that write take turns, and what
    /// one reads after this, no other changes.
    pub(crate) async fn begin(&self) -> Result<(Tx, i64), sqlx::Error> {
        let mut tx = self.0.begin().await?;
        sqlx::query("UPDATE counter SET last = last + 1")
            .execute(&mut *tx)
            .await?;
        let number = sqlx::query_scalar("SELECT last FROM counter")
            .fetch_one(&mut *tx)
            .await?;
        Ok((tx, number))
    }
}

/// An id as a key: the same for no other id, short enough for each engine's indexes, and up to 192 bytes in the order of the ids.
pub(crate) fn key_of(id: &str) -> Vec<u8> {
    index_text(id).as_bytes().to_vec()
}

/// Engines count in a signed number.
pub(crate) fn row_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Converts the error of a read; `action` completes "while …".
pub(crate) fn not_read(action: &'static str) -> impl Fn(BoxError) -> StoreError {
    move |error| StoreError::read(reason(&*error), action, error)
}

/// Converts the error of a write.
pub(crate) fn not_written(action: &'static str) -> impl Fn(BoxError) -> StoreError {
    move |error| StoreError::write(reason(&*error), action, error)
}

fn reason(error: &(dyn Error + Send + Sync + 'static)) -> StoreErrorReason {
    if let Some(error) = error.downcast_ref::<DecodeSlotError>() {
        return error.reason();
    }
    let code = match error.downcast_ref::<sqlx::Error>() {
        Some(sqlx::Error::Database(error)) => error.code().and_then(|code| code.parse::<i32>().ok()),
        Some(sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_)) => Some(11),
        _ => None,
    };
    match code.map(|code| code & 0xff) {
        // No such table, no rights, read-only, no such file, too large, a constraint, another type: somebody has to change something.
        Some(1 | 3 | 8 | 14 | 18 | 19 | 20 | 23) => StoreErrorReason::Rejected,
        Some(11 | 26) => StoreErrorReason::Corrupt,
        // Locked, full, a failing disk, no connection in time: it may work later.
        _ => StoreErrorReason::Unavailable,
    }
}
