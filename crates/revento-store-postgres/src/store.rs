//! [`PostgresStore`]: the handle to the connections.

use std::fmt;

use sqlx::PgPool;

/// Tokens and webhook deliveries in a PostgreSQL database. A clone is another handle to the same connections.
#[derive(Clone)]
pub struct PostgresStore {
    pub(crate) pool: PgPool,
}

impl PostgresStore {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self { pool }
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

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("connections", &self.pool.size())
            .field("closed", &self.pool.is_closed())
            .finish_non_exhaustive()
    }
}
