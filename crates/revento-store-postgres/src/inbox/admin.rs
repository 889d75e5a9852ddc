//! [`InboxAdmin`] on PostgreSQL.

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};
use revento_store::{
    DeliveryDetails, InboxAdmin, InboxStats, SealedDelivery, StoreError,
    columns::{read_details, read_sealed, read_stats},
};
use sqlx::postgres::PgRow;

use crate::{
    PostgresStore,
    call::Call,
    error::{Failure, failed, not_read},
    record::Row,
    store::row_limit,
    text::{Identity, escape},
};

/// One statement, so that all numbers are of one moment. The bodies are in another table of PostgreSQL's, which it does not read.
const STATS: &str = "
    WITH pending AS MATERIALIZED (
        SELECT state, at, received_at, attempt, event_type FROM {schema}.revento_deliveries
            WHERE state IN ('queued', 'leased') AND NOT behind
        UNION ALL SELECT state, at, received_at, attempt, event_type FROM {schema}.revento_deliveries
            WHERE state IN ('queued', 'leased') AND ordering_key <> '' AND behind
    )
    SELECT 'due' AS what, NULL::TEXT AS event_type, count(*) AS n, NULL::BIGINT AS at
        FROM pending WHERE state = 'queued' AND at <= $1
    UNION ALL SELECT 'later', NULL, count(*), NULL FROM pending WHERE state = 'queued' AND at > $1
    UNION ALL SELECT 'leased', NULL, count(*), NULL FROM pending WHERE state = 'leased' AND at > $1
    UNION ALL SELECT 'lapsed', NULL, count(*), NULL FROM pending WHERE state = 'leased' AND at <= $1
    UNION ALL SELECT 'oldest', NULL, 0, min(received_at) FROM pending
    UNION ALL SELECT 'done', NULL, count(*), NULL FROM {schema}.revento_deliveries WHERE state = 'done'
    UNION ALL SELECT 'done_since', NULL, count(*), NULL
        FROM {schema}.revento_deliveries WHERE state = 'done' AND at >= $2
    UNION ALL SELECT 'retrying', event_type, count(*), NULL
        FROM pending WHERE state = 'queued' AND attempt > 0 GROUP BY event_type
    UNION ALL SELECT 'buried', event_type, count(*), NULL
        FROM {schema}.revento_deliveries WHERE state = 'buried' GROUP BY event_type";
const DETAILS: &str = "
    SELECT coalesce(long_envelope_id, envelope_id) AS envelope_id, coalesce(long_delivery_id, delivery_id) AS delivery_id,
        event_type, state, at, occurred_at, received_at, attempt, single_attempt::INTEGER::BIGINT AS single_attempt,
        (behind AND state IN ('queued', 'leased'))::INTEGER::BIGINT AS behind,
        (body IS NOT NULL)::INTEGER::BIGINT AS has_body, error
    FROM {schema}.revento_deliveries WHERE identity = $1";
/// Behind a position where `$behind` says so.
macro_rules! sealed {
    ($behind:literal, $limit:literal) => {
        concat!(
            "SELECT coalesce(d.long_envelope_id, d.envelope_id) AS envelope_id, body, error
             FROM {schema}.revento_deliveries AS d WHERE body IS NOT NULL ",
            $behind,
            " ORDER BY d.identity LIMIT ",
            $limit
        )
    };
}

const SEALED: &str = sealed!("", "$1");
const SEALED_BEHIND: &str = sealed!("AND d.identity > $1", "$2");
const RESEAL: &str = "
    UPDATE {schema}.revento_deliveries SET body = $4, error = $5
    WHERE identity = $1 AND body = $2 AND coalesce(error, '') = $3";

/// For the test of the query plans.
#[cfg(test)]
pub(crate) const QUERIES: &[(&str, &str)] = &[
    ("stats", STATS),
    ("details", DETAILS),
    ("sealed", SEALED),
    ("sealed behind", SEALED_BEHIND),
    ("reseal", RESEAL),
];

#[async_trait]
impl InboxAdmin for PostgresStore {
    async fn stats(&self, now: Timestamp, done_since: Timestamp) -> Result<InboxStats, StoreError> {
        let call = Call::new(STATS)
            .bind(now.unix_micros())
            .bind(done_since.unix_micros());
        let read = |rows: Vec<PgRow>| Ok::<_, Failure>(read_stats(rows.iter().map(Row))?);
        let rows = self.rows(call).await;
        rows.and_then(read).map_err(not_read("counting deliveries"))
    }

    async fn details(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryDetails>, StoreError> {
        let read = |row: Option<PgRow>| match row {
            Some(row) => Ok::<_, Failure>(Some(read_details(&Row(&row))?)),
            None => Ok(None),
        };
        let row = self
            .row(Call::new(DETAILS).bind(Identity::of(envelope_id.as_str())))
            .await;
        row.and_then(read).map_err(not_read("loading a delivery"))
    }

    async fn sealed(
        &self,
        after: Option<&EnvelopeId>,
        limit: usize,
    ) -> Result<Vec<SealedDelivery>, StoreError> {
        let call = match after {
            Some(after) => Call::new(SEALED_BEHIND).bind(Identity::of(after.as_str())),
            None => Call::new(SEALED),
        };
        let read = |rows: Vec<PgRow>| {
            let deliveries = rows.iter().map(|row| read_sealed(&Row(row)));
            Ok::<_, Failure>(deliveries.collect::<Result<_, _>>()?)
        };
        let rows = self.rows(call.bind(row_limit(limit))).await;
        rows.and_then(read).map_err(not_read("listing sealed deliveries"))
    }

    async fn reseal(&self, current: &SealedDelivery, next: &SealedDelivery) -> Result<bool, StoreError> {
        let call = Call::once(RESEAL)
            .bind(Identity::of(current.envelope_id.as_str()))
            .bind(current.body.as_bytes())
            .bind(escape(&current.error))
            .bind(next.body.as_bytes())
            .bind(escape(&next.error));
        let answer = self.call(call).await;
        answer
            .map(|answer| answer.written == 1)
            .map_err(failed("sealing a delivery again"))
    }
}
