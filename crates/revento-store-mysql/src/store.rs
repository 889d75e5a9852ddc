//! [`MySqlStore`]: the handle to the connections.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use revento_core::Timestamp;
use revento_store::StoreError;

use crate::{
    call::Call,
    connect::Connections,
    error::{Failure, not_read},
    inbox::Batches,
};

const SERVER_TIME: &str = "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))";

/// Tokens and webhook deliveries in a MySQL or MariaDB database. A clone is another handle to the same connections.
#[derive(Clone)]
pub struct MySqlStore {
    pub(crate) connections: Connections,
    /// The database of the tables, as a quoted identifier.
    pub(crate) database: Arc<str>,
    /// How many bytes a message must not have.
    pub(crate) max_message: usize,
    pub(crate) batches: Batches,
    /// Random bytes that no other store has, and how many names it has given to its calls.
    names: Arc<([u8; 8], AtomicU64)>,
}

impl MySqlStore {
    /// `database` is a quoted identifier. No other store has the `name`.
    pub(crate) fn new(connections: Connections, database: &str, max_message: usize, name: [u8; 8]) -> Self {
        Self {
            connections,
            database: database.into(),
            max_message,
            batches: Batches::default(),
            names: Arc::new((name, AtomicU64::new(0))),
        }
    }

    /// A name that no other call has, of this store or another one. A call that is made again because its answer was lost finds what it
    /// has written by this name.
    pub(crate) fn call_name(&self) -> [u8; 16] {
        let (store, calls) = &*self.names;
        let call = calls.fetch_add(1, Ordering::Relaxed);
        let mut name = [0; 16];
        let (first, second) = name.split_at_mut(store.len());
        first.copy_from_slice(store);
        second.copy_from_slice(&call.to_be_bytes());
        name
    }

    /// The version of the tables that this store reads and writes.
    #[expect(clippy::cast_possible_truncation, reason = "there are few migrations")]
    pub const SCHEMA_VERSION: u32 = Self::MIGRATIONS.len() as u32;

    /// The time by the server's clock, for tools that compare clocks. The store itself never asks for it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn server_time(&self) -> Result<Timestamp, StoreError> {
        let row = self.row(Call::reading(SERVER_TIME)).await;
        let read = |row: Option<_>| {
            let row = row.ok_or(sqlx::Error::RowNotFound)?;
            let micros = sqlx::Row::try_get(&row, 0)?;
            Ok::<_, Failure>(Timestamp::from_unix_micros(micros))
        };
        row.and_then(read).map_err(not_read("asking for the time"))
    }

    /// Waits for running calls and closes the connections. Later calls on any handle fail.
    pub async fn close(&self) {
        self.connections.close().await;
    }
}

/// A limit as SQL takes it.
pub(crate) fn row_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

impl fmt::Debug for MySqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MySqlStore")
            .field("database", &self.database)
            .field("max_connections", &self.connections.size())
            .field("closed", &self.connections.is_closed())
            .finish_non_exhaustive()
    }
}
