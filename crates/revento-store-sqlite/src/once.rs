//! [`Once`] on SQLite: one transaction in one message.

use async_trait::async_trait;
use revento_core::Timestamp;
use revento_store::{Once, StoreError};

use crate::{SqliteStore, error::failed};

/// Forgets up to 16 marks that have ended, then takes the mark if it is free. There is a row if it was taken. If nothing changes,
/// nothing is written.
const TAKE: &str = "BEGIN IMMEDIATE;
    DELETE FROM revento_once WHERE id IN (
        SELECT id FROM revento_once WHERE until <= ?1 ORDER BY until LIMIT 16);
    INSERT INTO revento_once (id, until) VALUES (?2, ?3)
        ON CONFLICT (id) DO UPDATE SET until = excluded.until WHERE until <= ?1 RETURNING 1;
    COMMIT";

/// For the test of the query plans.
#[cfg(test)]
pub(crate) const QUERIES: &[(&str, &str)] = &[("take", TAKE)];

#[async_trait]
impl Once for SqliteStore {
    async fn take(&self, id: &str, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        let take = sqlx::query(TAKE)
            .bind(now.unix_micros())
            .bind(id)
            .bind(until.unix_micros());
        let rows = self.transact(take).await;
        rows.map(|rows| !rows.is_empty())
            .map_err(failed("taking a use-once mark"))
    }
}
