//! [`InboxStore`] on PostgreSQL.

use async_trait::async_trait;
use revento_core::{EnvelopeId, EventType, Timestamp};
use revento_store::{
    BuriedCursor, BuriedDelivery, CompletionStatement, DeliveryState, InboxStore, InsertOutcome, Lease,
    LeasedDelivery, NewDelivery, RequeueAttempts, RequeueOutcome, Sealed, StoreError, columns,
};
use sqlx::{Row as _, postgres::PgRow};

use crate::{
    PostgresStore,
    error::{failed, not_read, unreadable},
    record::Row,
    store::row_limit,
    text::{escape, unescape},
};

const STATE: &str = "SELECT state FROM revento_deliveries WHERE envelope_id = $1";
const INSERT: &str = "SELECT revento_insert($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const FINISH: &str = "SELECT revento_finish($1, $2, $3, $4, $5)";
const COMPLETE: &str = "SELECT 1 WHERE revento_complete($1, $2, $3)";
const REQUEUE: &str = "SELECT revento_revive($1, $2, NULL, NULL, NULL, $3)";
/// Its columns are named: a prepared `*` fails once a newer version has added one.
const LEASE: &str = "
    WITH ready AS (
        SELECT envelope_id, at, arrival FROM revento_deliveries
        WHERE state IN ('queued', 'leased') AND NOT behind AND at <= $1
        ORDER BY at, arrival LIMIT $3 FOR UPDATE SKIP LOCKED
    ), leased AS (
        UPDATE revento_deliveries AS it
        SET state = 'leased', at = $2, fence = nextval('revento_sequence'), attempt = attempt + 1
        FROM ready WHERE it.envelope_id = ready.envelope_id
        RETURNING it.envelope_id, it.fence, it.delivery_id, it.event_type, it.occurred_at, it.received_at, it.attempt,
            it.single_attempt, it.body, ready.at AS was_due, ready.arrival AS arrived
    )
    SELECT * FROM leased ORDER BY was_due, arrived";
const NEXT_DUE: &str =
    "SELECT min(at) FROM revento_deliveries WHERE state IN ('queued', 'leased') AND NOT behind";
/// Buried deliveries in the order of the list, behind a position where `$behind` says so.
macro_rules! buried {
    ($behind:literal, $limit:literal) => {
        concat!(
            "SELECT envelope_id, delivery_id, event_type, occurred_at, received_at, at, attempt, error,
                body IS NULL AS expunged
             FROM revento_deliveries WHERE state = 'buried' ",
            $behind,
            " ORDER BY at DESC, envelope_id DESC LIMIT ",
            $limit
        )
    };
}

const BURIED: &str = buried!("", "$1");
const BURIED_BEHIND: &str = buried!("AND (at, envelope_id) < ($1, $2)", "$3");
const EXPUNGE: &str = "UPDATE revento_deliveries SET body = NULL, digest = NULL, error = NULL WHERE state = 'buried' AND body IS NOT NULL AND at < $1";
const FORGET: &str = "DELETE FROM revento_deliveries WHERE state = 'done' AND at < $1";

/// For the test of the query plans.
#[cfg(test)]
pub(crate) const QUERIES: &[(&str, &str)] = &[
    ("state", STATE),
    ("lease", LEASE),
    ("next_due", NEXT_DUE),
    ("buried", BURIED),
    ("buried behind", BURIED_BEHIND),
    ("expunge", EXPUNGE),
    ("forget", FORGET),
];

impl PostgresStore {
    /// What completes a delivery within a transaction of the handler's own, on any connection to the database that has the
    /// store's [schema](crate::PostgresOptions::schema) in its `search_path`. The transaction has to be at `READ COMMITTED`,
    /// PostgreSQL's default: the statement fails at any other level. Until the commit, deliveries of the same ordering key
    /// wait, those included that the platform sends.
    pub fn completion(lease: &Lease, now: Timestamp) -> CompletionStatement {
        CompletionStatement {
            sql: COMPLETE,
            envelope_id: escape(lease.envelope_id.as_str()).into_owned(),
            fence: lease.fence,
            at: now.unix_micros(),
        }
    }

    async fn insert_new(&self, delivery: &NewDelivery) -> Result<InsertOutcome, sqlx::Error> {
        let answer: String = sqlx::query_scalar(INSERT)
            .bind(escape(delivery.envelope_id.as_str()))
            .bind(escape(delivery.delivery_id.as_str()))
            .bind(escape(delivery.event_type.as_str()))
            .bind(escape(&delivery.ordering_key))
            .bind(delivery.occurred_at.unix_micros())
            .bind(delivery.received_at.unix_micros())
            .bind(delivery.body.as_bytes())
            .bind(delivery.body_digest.as_slice())
            .bind(delivery.signed_at.unix_micros())
            .fetch_one(&self.pool)
            .await?;
        Ok(match answer.as_str() {
            "new" => InsertOutcome::New {
                delivery_id_reused: false,
            },
            "new, delivery id reused" => InsertOutcome::New {
                delivery_id_reused: true,
            },
            known => {
                let (state, other_body) = match known.strip_suffix(", other body") {
                    Some(state) => (state, true),
                    None => (known, false),
                };
                match state {
                    "requeued" => InsertOutcome::Requeued { other_body },
                    state => InsertOutcome::Known {
                        state: read_state(state)?,
                        other_body,
                    },
                }
            }
        })
    }

    /// Takes a delivery out of its lease into another state. `false` when the lease is not held.
    async fn finish(
        &self,
        lease: &Lease,
        state: DeliveryState,
        at: Timestamp,
        error: Option<&str>,
    ) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar(FINISH)
            .bind(escape(lease.envelope_id.as_str()))
            .bind(lease.fence)
            .bind(state.as_str())
            .bind(at.unix_micros())
            .bind(error.map(escape))
            .fetch_one(&self.pool)
            .await
    }
}

fn read_state(text: &str) -> Result<DeliveryState, sqlx::Error> {
    DeliveryState::from_name(text).ok_or_else(|| unreadable("state"))
}

fn read_leased(row: &PgRow) -> Result<LeasedDelivery, sqlx::Error> {
    let text = |column: &str| row.try_get::<String, _>(column).map(unescape);
    let attempt: i64 = row.try_get("attempt")?;
    Ok(LeasedDelivery {
        lease: Lease {
            envelope_id: text("envelope_id")?.into(),
            fence: row.try_get("fence")?,
        },
        delivery_id: text("delivery_id")?.into(),
        event_type: EventType::from(text("event_type")?.as_str()),
        occurred_at: Timestamp::from_unix_micros(row.try_get("occurred_at")?),
        received_at: Timestamp::from_unix_micros(row.try_get("received_at")?),
        attempt: u32::try_from(attempt).unwrap_or(u32::MAX),
        single_attempt: row.try_get("single_attempt")?,
        body: Sealed::from_bytes(row.try_get::<Vec<u8>, _>("body")?),
    })
}

fn read_buried(row: &PgRow) -> Result<BuriedDelivery, sqlx::Error> {
    let attempts: i64 = row.try_get("attempt")?;
    let attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
    columns::read_buried(&Row(row), attempts, row.try_get("expunged")?)
}

#[async_trait]
impl InboxStore for PostgresStore {
    async fn insert(&self, delivery: &NewDelivery) -> Result<InsertOutcome, StoreError> {
        self.insert_new(delivery)
            .await
            .map_err(failed("keeping a delivery"))
    }

    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<LeasedDelivery>, StoreError> {
        let query = sqlx::query(LEASE)
            .bind(now.unix_micros())
            .bind(until.unix_micros())
            .bind(row_limit(limit));
        let rows = query.fetch_all(&self.pool).await;
        let read = |rows: Vec<_>| rows.iter().map(read_leased).collect();
        rows.and_then(read).map_err(failed("leasing deliveries"))
    }

    async fn complete(&self, lease: &Lease, now: Timestamp) -> Result<bool, StoreError> {
        self.finish(lease, DeliveryState::Done, now, None)
            .await
            .map_err(failed("completing a delivery"))
    }

    async fn retry(&self, lease: &Lease, at: Timestamp, error: &str) -> Result<bool, StoreError> {
        self.finish(lease, DeliveryState::Queued, at, Some(error))
            .await
            .map_err(failed("giving a delivery back"))
    }

    async fn bury(&self, lease: &Lease, now: Timestamp, error: &str) -> Result<bool, StoreError> {
        self.finish(lease, DeliveryState::Buried, now, Some(error))
            .await
            .map_err(failed("burying a delivery"))
    }

    async fn requeue(
        &self,
        envelope_id: &EnvelopeId,
        now: Timestamp,
        attempts: RequeueAttempts,
    ) -> Result<RequeueOutcome, StoreError> {
        let query = sqlx::query_scalar(REQUEUE)
            .bind(escape(envelope_id.as_str()))
            .bind(now.unix_micros())
            .bind(attempts == RequeueAttempts::Single);
        let answer: Result<Option<String>, _> = query.fetch_one(&self.pool).await;
        let answer = answer.map_err(failed("queueing a buried delivery"))?;
        Ok(match answer.as_deref() {
            Some("expunged") => RequeueOutcome::Expunged,
            Some(_) => RequeueOutcome::Requeued,
            None => RequeueOutcome::NotBuried,
        })
    }

    async fn buried(
        &self,
        after: Option<&BuriedCursor>,
        limit: usize,
    ) -> Result<Vec<BuriedDelivery>, StoreError> {
        let query = match after {
            Some(after) => sqlx::query(BURIED_BEHIND)
                .bind(after.buried_at.unix_micros())
                .bind(escape(after.envelope_id.as_str())),
            None => sqlx::query(BURIED),
        };
        let rows = query.bind(row_limit(limit)).fetch_all(&self.pool).await;
        rows.and_then(|rows| rows.iter().map(read_buried).collect())
            .map_err(not_read("listing buried deliveries"))
    }

    async fn expunge(&self, before: Timestamp) -> Result<u64, StoreError> {
        let expunged = sqlx::query(EXPUNGE)
            .bind(before.unix_micros())
            .execute(&self.pool)
            .await;
        Ok(expunged
            .map_err(failed("expunging buried deliveries"))?
            .rows_affected())
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let at: Result<Option<i64>, _> = sqlx::query_scalar(NEXT_DUE).fetch_one(&self.pool).await;
        Ok(at
            .map_err(not_read("asking what is due next"))?
            .map(Timestamp::from_unix_micros))
    }

    async fn state(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryState>, StoreError> {
        let query = sqlx::query_scalar(STATE).bind(escape(envelope_id.as_str()));
        let state: Result<Option<String>, _> = query.fetch_optional(&self.pool).await;
        let read = |state: Option<String>| state.as_deref().map(read_state).transpose();
        state.and_then(read).map_err(not_read("looking a delivery up"))
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        let deleted = sqlx::query(FORGET)
            .bind(before.unix_micros())
            .execute(&self.pool)
            .await;
        Ok(deleted
            .map_err(failed("forgetting handled deliveries"))?
            .rows_affected())
    }
}
