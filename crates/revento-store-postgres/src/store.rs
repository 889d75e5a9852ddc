//! [`PostgresStore`]: the handle to the connections.

use std::fmt;

use revento_core::Timestamp;
use revento_store::StoreError;
use sqlx::{PgPool, Row as _, postgres::PgRow};

use crate::{
    call::Call,
    error::{Failure, not_read},
};

const SERVER_TIME: &str = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::BIGINT";

/// Tokens and webhook deliveries in a PostgreSQL database. A clone is another handle to the same connections.
#[derive(Clone)]
pub struct PostgresStore {
    pub(crate) pool: PgPool,
    /// The schema of the tables, as a quoted identifier.
    pub(crate) schema: String,
    /// The sequence of the store, as a literal.
    pub(crate) sequence: String,
}

impl PostgresStore {
    /// `schema` is a quoted identifier.
    pub(crate) fn new(pool: PgPool, schema: String) -> Self {
        let name = format!("{schema}.revento_sequence");
        Self {
            pool,
            schema,
            sequence: format!("{}::regclass", literal(&name)),
        }
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
        self.pool.close().await;
    }
}

/// A limit as SQL takes it.
pub(crate) fn row_limit(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// A text as a literal (<https://www.postgresql.org/docs/current/sql-syntax-lexical.html>, 4.1.2.2): right for any setting of
/// `standard_conforming_strings`.
pub(crate) fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("schema", &self.schema)
            .field("connections", &self.pool.size())
            .field("closed", &self.pool.is_closed())
            .finish_non_exhaustive()
    }
}
