//! [`InboxAdmin`] on MySQL.

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};
use revento_store::{
    DeliveryDetails, InboxAdmin, InboxStats, SealedDelivery, StoreError,
    columns::{read_details, read_sealed, read_stats},
};
use sha2::{Digest as _, Sha256};
use sqlx::mysql::MySqlRow;

use super::job::identity;
use crate::{
    MySqlStore,
    call::Call,
    error::{Failure, failed, not_read},
    record::Row,
    store::row_limit,
};

/// One statement, so that all numbers are of one moment. It reads an index, and the rows of failed deliveries only.
const STATS: &str = "
    SELECT 'due' AS what, NULL AS event_type, COUNT(*) AS n, NULL AS at
        FROM {db}.revento_deliveries WHERE phase IN (1, 2) AND leased = 0 AND at <= $1
    UNION ALL SELECT 'later', NULL, COUNT(*), NULL
        FROM {db}.revento_deliveries WHERE phase IN (1, 2) AND leased = 0 AND at > $1
    UNION ALL SELECT 'leased', NULL, COUNT(*), NULL
        FROM {db}.revento_deliveries WHERE phase = 1 AND leased = 1 AND at > $1
    UNION ALL SELECT 'lapsed', NULL, COUNT(*), NULL
        FROM {db}.revento_deliveries WHERE phase = 1 AND leased = 1 AND at <= $1
    UNION ALL SELECT 'oldest', NULL, 0, MIN(received_at) FROM {db}.revento_deliveries WHERE phase IN (1, 2)
    UNION ALL SELECT 'done', NULL, COUNT(*), NULL FROM {db}.revento_deliveries WHERE phase = 3
    UNION ALL SELECT 'done_since', NULL, COUNT(*), NULL FROM {db}.revento_deliveries WHERE phase = 3 AND at >= $2
    UNION ALL SELECT 'retrying', MAX(COALESCE(long_event_type, event_type)), COUNT(*), NULL
        FROM {db}.revento_deliveries WHERE phase IN (1, 2) AND leased = 0 AND attempt > 0
        GROUP BY revento_deliveries.event_type
    UNION ALL SELECT 'buried', MAX(COALESCE(long_event_type, event_type)), COUNT(*), NULL
        FROM {db}.revento_deliveries WHERE phase IN (4, 5) GROUP BY revento_deliveries.event_type";
const DETAILS: &str = "
    SELECT COALESCE(long_envelope_id, envelope_id) AS envelope_id, delivery_id,
        COALESCE(long_event_type, event_type) AS event_type,
        CASE WHEN phase = 1 AND leased = 1 THEN 'leased' WHEN phase IN (1, 2) THEN 'queued' WHEN phase = 3 THEN 'done'
            ELSE 'buried' END AS state,
        at, occurred_at, received_at, attempt, single_attempt, phase = 2 AS behind, body IS NOT NULL AS has_body, error
    FROM {db}.revento_deliveries WHERE identity = $1";
/// Behind a position where `$behind` says so.
macro_rules! sealed {
    ($behind:literal, $limit:literal) => {
        concat!(
            "SELECT COALESCE(long_envelope_id, envelope_id) AS envelope_id, body, error
             FROM {db}.revento_deliveries FORCE INDEX (revento_deliveries_identity) WHERE body IS NOT NULL ",
            $behind,
            " ORDER BY identity LIMIT ",
            $limit
        )
    };
}

const SEALED: &str = sealed!("", "$1");
const SEALED_BEHIND: &str = sealed!("AND identity > $1", "$2");
/// The second statement tells whether this call has done it, now or before its answer was lost.
const RESEAL: &str = "
    UPDATE {db}.revento_deliveries SET body = $4, error = $5, resealed_by = $6
        WHERE identity = $1 AND UNHEX(SHA2(body, 256)) = $2 AND COALESCE(error, x'') = $3;
    SELECT 1 FROM {db}.revento_deliveries WHERE identity = $1 AND resealed_by = $6";

/// For the test of the query plans.
#[cfg(test)]
pub(crate) const QUERIES: &[(&str, &str)] = &[
    ("stats", STATS),
    ("details", DETAILS),
    ("sealed", SEALED),
    ("sealed behind", SEALED_BEHIND),
];

#[async_trait]
impl InboxAdmin for MySqlStore {
    async fn stats(&self, now: Timestamp, done_since: Timestamp) -> Result<InboxStats, StoreError> {
        let call = Call::reading(STATS)
            .bind(now.unix_micros())
            .bind(done_since.unix_micros());
        let read = |rows: Vec<MySqlRow>| Ok::<_, Failure>(read_stats(rows.iter().map(Row))?);
        let rows = self.rows(call).await;
        rows.and_then(read).map_err(not_read("counting deliveries"))
    }

    async fn details(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryDetails>, StoreError> {
        let read = |row: Option<MySqlRow>| match row {
            Some(row) => Ok::<_, Failure>(Some(read_details(&Row(&row))?)),
            None => Ok(None),
        };
        let row = self
            .row(Call::reading(DETAILS).bind(identity(envelope_id.as_str())))
            .await;
        row.and_then(read).map_err(not_read("loading a delivery"))
    }

    async fn sealed(
        &self,
        after: Option<&EnvelopeId>,
        limit: usize,
    ) -> Result<Vec<SealedDelivery>, StoreError> {
        let call = match after {
            Some(after) => Call::reading(SEALED_BEHIND).bind(identity(after.as_str())),
            None => Call::reading(SEALED),
        };
        let read = |rows: Vec<MySqlRow>| {
            let deliveries = rows.iter().map(|row| read_sealed(&Row(row)));
            Ok::<_, Failure>(deliveries.collect::<Result<_, _>>()?)
        };
        let rows = self.rows(call.bind(row_limit(limit))).await;
        rows.and_then(read).map_err(not_read("listing sealed deliveries"))
    }

    async fn reseal(&self, current: &SealedDelivery, next: &SealedDelivery) -> Result<bool, StoreError> {
        let call = Call::new(RESEAL)
            .bind(identity(current.envelope_id.as_str()))
            .bind(sha256(current.body.as_bytes()))
            .bind(&current.error)
            .bind(next.body.as_bytes())
            .bind(&next.error)
            .bind(self.call_name());
        let row = self.row(call).await;
        row.map(|row| row.is_some())
            .map_err(failed("sealing a delivery again"))
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
