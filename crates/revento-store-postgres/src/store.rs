//! [`PostgresStore`]: the handle to the connections.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use revento_core::Timestamp;
use revento_store::StoreError;
use sqlx::{Row as _, postgres::PgRow};

use crate::{
    call::Call,
    connections::Connections,
    error::{Failure, not_read},
    inbox::Batches,
    literal::text_literal,
};

const SERVER_TIME: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::BIGINT";

/// Tokens and webhook deliveries in a PostgreSQL database. A clone is another handle to the same connections.
#[derive(Clone)]
pub struct PostgresStore {
    pub(crate) connections: Connections,
    pub(crate) batches: Batches,
    /// The schema of the tables, as a quoted identifier.
    pub(crate) schema: Arc<str>,
    /// The sequence of the store, as a literal.
    pub(crate) sequence: Arc<str>,
    /// A number that no other store of the database has, and how many numbers it has given to its calls.
    numbers: Arc<(i64, AtomicU64)>,
}

impl PostgresStore {
    /// `schema` is a quoted identifier. No other store has the number.
    pub(crate) fn new(connections: Connections, schema: &str, number: i64) -> Self {
        Self {
            connections,
            batches: Batches::default(),
            schema: schema.into(),
            sequence: sequence(schema).into(),
            numbers: Arc::new((number, AtomicU64::new(0))),
        }
    }

    /// A name that no other call has, of this store or another one.
    pub(crate) fn call_name(&self) -> String {
        let (store, calls) = &*self.numbers;
        format!("{store}/{}", calls.fetch_add(1, Ordering::Relaxed))
    }

    /// The version of the tables that this store reads and writes.
    #[expect(clippy::cast_possible_truncation, reason = "there are few migrations")]
    pub const SCHEMA_VERSION: u32 = Self::MIGRATIONS.len() as u32;

    /// The time by the server's clock, for tools that compare clocks. The store itself never asks for it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn server_time(&self) -> Result<Timestamp, StoreError> {
        let row = self.row(Call::new(SERVER_TIME)).await;
        let read = |row: Option<PgRow>| {
            let row = row.ok_or(sqlx::Error::RowNotFound)?;
            Ok::<_, Failure>(Timestamp::from_unix_micros(row.try_get(0)?))
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

/// The sequence of the store in this schema, as a literal.
pub(crate) fn sequence(schema: &str) -> String {
    format!(
        "{}::regclass",
        text_literal(&format!("{schema}.revento_sequence"))
    )
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("schema", &self.schema)
            .field("max_connections", &self.connections.size())
            .field("closed", &self.connections.is_closed())
            .finish_non_exhaustive()
    }
}
