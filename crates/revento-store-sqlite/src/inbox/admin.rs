//! [`InboxAdmin`] on SQLite.

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};
use revento_store::{
    DeliveryDetails, InboxAdmin, InboxStats, SealedDelivery, StoreError,
    columns::{read_details, read_sealed, read_stats},
};
use sqlx::sqlite::SqliteRow;

use crate::{
    SqliteStore,
    error::{failed, not_read},
    hash,
    record::Row,
    store::row_limit,
};

/// One statement, so that all numbers are of one moment. One pass over an index counts what waits; the conditions of the others are
/// those of their indexes.
const STATS: &str = "
    WITH waiting AS MATERIALIZED (
        SELECT count(*) FILTER (WHERE state = 'queued' AND at <= ?1) AS due,
            count(*) FILTER (WHERE state = 'queued' AND at > ?1) AS later,
            count(*) FILTER (WHERE state = 'leased' AND at > ?1) AS leased,
            count(*) FILTER (WHERE state = 'leased' AND at <= ?1) AS lapsed,
            min(received_at) AS oldest
        FROM revento_deliveries WHERE state IN ('queued', 'leased'))
    SELECT 'due' AS what, NULL AS event_type, due AS n, NULL AS at FROM waiting
    UNION ALL SELECT 'later', NULL, later, NULL FROM waiting
    UNION ALL SELECT 'leased', NULL, leased, NULL FROM waiting
    UNION ALL SELECT 'lapsed', NULL, lapsed, NULL FROM waiting
    UNION ALL SELECT 'oldest', NULL, 0, oldest FROM waiting
    UNION ALL SELECT 'done', NULL, count(*), NULL FROM revento_deliveries WHERE state = 'done'
    UNION ALL SELECT 'done_since', NULL, count(*), NULL FROM revento_deliveries WHERE state = 'done' AND at >= ?2
    UNION ALL SELECT 'retrying', event_type, count(*), NULL
        FROM revento_deliveries WHERE state = 'queued' AND attempt > 0 GROUP BY event_type
    UNION ALL SELECT 'buried', event_type, count(*), NULL
        FROM revento_deliveries WHERE state = 'buried' GROUP BY event_type";
const DETAILS: &str = "
    SELECT envelope_id, delivery_id, event_type, state, at, occurred_at, received_at, attempt, single_attempt,
        behind AND state IN ('queued', 'leased') AS behind, body IS NOT NULL AS has_body, error
    FROM revento_deliveries WHERE envelope_hash = ?";
const SEALED: &str = "
    SELECT envelope_id, body, error FROM revento_deliveries
    WHERE envelope_hash > ?1 AND body IS NOT NULL ORDER BY envelope_hash LIMIT ?2";
const RESEAL: &str = "
    UPDATE revento_deliveries SET body = ?4, error = ?5
    WHERE envelope_hash = ?1 AND body = ?2 AND coalesce(error, '') = ?3";

/// For the test of the query plans.
#[cfg(test)]
pub(crate) const QUERIES: &[(&str, &str)] = &[
    ("stats", STATS),
    ("details", DETAILS),
    ("sealed", SEALED),
    ("reseal", RESEAL),
];

impl SqliteStore {
    async fn reseal_delivery(
        &self,
        current: &SealedDelivery,
        next: &SealedDelivery,
    ) -> Result<bool, sqlx::Error> {
        let mut turn = self.writer.turn().await?;
        let update = sqlx::query(RESEAL)
            .bind(hash::of_envelope(current.envelope_id.as_str()))
            .bind(current.body.as_bytes())
            .bind(current.error.as_str())
            .bind(next.body.as_bytes())
            .bind(next.error.as_str());
        let replaced = update.execute(&mut *turn).await?.rows_affected() == 1;
        turn.end();
        Ok(replaced)
    }
}

#[async_trait]
impl InboxAdmin for SqliteStore {
    async fn stats(&self, now: Timestamp, done_since: Timestamp) -> Result<InboxStats, StoreError> {
        let query = sqlx::query(STATS)
            .bind(now.unix_micros())
            .bind(done_since.unix_micros());
        let rows = query.fetch_all(&self.readers).await;
        rows.and_then(|rows| read_stats(rows.iter().map(Row)))
            .map_err(not_read("counting deliveries"))
    }

    async fn details(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryDetails>, StoreError> {
        let query = sqlx::query(DETAILS).bind(hash::of_envelope(envelope_id.as_str()));
        let row = query.fetch_optional(&self.readers).await;
        row.and_then(|row| row.map(|row| read_details(&Row(&row))).transpose())
            .map_err(not_read("looking a delivery up"))
    }

    async fn sealed(
        &self,
        after: Option<&EnvelopeId>,
        limit: usize,
    ) -> Result<Vec<SealedDelivery>, StoreError> {
        let after = after.map(|after| hash::of_envelope(after.as_str()));
        let query = sqlx::query(SEALED)
            .bind(after.unwrap_or_default())
            .bind(row_limit(limit));
        let rows = query.fetch_all(&self.readers).await;
        let read = |rows: Vec<SqliteRow>| rows.iter().map(|row| read_sealed(&Row(row))).collect();
        rows.and_then(read).map_err(not_read("listing sealed deliveries"))
    }

    async fn reseal(&self, current: &SealedDelivery, next: &SealedDelivery) -> Result<bool, StoreError> {
        self.reseal_delivery(current, next)
            .await
            .map_err(failed("sealing a delivery again"))
    }
}
