//! [`PostgresStore`]: the handle to the connections.

use std::fmt;

use sqlx::PgPool;

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
