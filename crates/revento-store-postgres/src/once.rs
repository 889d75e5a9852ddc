//! [`Once`] on PostgreSQL.

use async_trait::async_trait;
use revento_core::Timestamp;
use revento_store::{Once, StoreError};

use crate::{PostgresStore, call::Call, error::failed, text::indexed};

/// Takes the mark if it is free; then one row is written. Then forgets up to 16 others that have ended: nothing reads this part of the
/// statement, so the server runs it last, and it skips what is locked. So a call holds no lock while it waits for its mark.
const TAKE: &str = "
    WITH forgotten AS (
        DELETE FROM {schema}.revento_once WHERE id IN (
            SELECT id FROM {schema}.revento_once WHERE until <= $2 AND id <> $1
            ORDER BY until LIMIT 16 FOR UPDATE SKIP LOCKED))
    INSERT INTO {schema}.revento_once AS o (id, until, last_call) VALUES ($1, $3, $4)
    ON CONFLICT (id) DO UPDATE SET until = EXCLUDED.until, last_call = EXCLUDED.last_call WHERE o.until <= $2";
/// What the call has taken when its answer was lost: one row.
const TAKEN: &str = "SELECT 1 FROM {schema}.revento_once WHERE id = $1 AND last_call = $4";

/// For the test of the query plans.
#[cfg(test)]
pub(crate) const QUERIES: &[(&str, &str)] = &[("take", TAKE)];

#[async_trait]
impl Once for PostgresStore {
    async fn take(&self, id: &str, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        let take = Call::new(TAKE)
            .recognized_by(TAKEN)
            .bind(indexed(id))
            .bind(now.unix_micros())
            .bind(until.unix_micros())
            .bind(self.call_name());
        let answer = self.call(take).await;
        answer
            .map(|answer| answer.written == 1)
            .map_err(failed("taking a use-once mark"))
    }
}
