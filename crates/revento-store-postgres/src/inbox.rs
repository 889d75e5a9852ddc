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
    call::Call,
    error::{Failure, failed, not_read, unreadable},
    record::Row,
    store::row_limit,
    text::{escape, indexed, long, unescape},
};

const STATE: &str = "SELECT state FROM {schema}.revento_deliveries WHERE envelope_id = $1";
const INSERT: &str = "SELECT {schema}.revento_insert($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const FINISH: &str = "SELECT {schema}.revento_finish($1, $2, $3, $4, $5)";
const COMPLETE: &str = "SELECT 1 WHERE {schema}.revento_complete($1, $2, $3)";
const REQUEUE: &str = "SELECT {schema}.revento_revive($1, $2, NULL, NULL, NULL, $3)";
const LEASE: &str = "
    WITH ready AS (
        SELECT envelope_id, at, arrival FROM {schema}.revento_deliveries
        WHERE state IN ('queued', 'leased') AND NOT behind AND at <= $1
        ORDER BY at, arrival LIMIT $3 FOR UPDATE SKIP LOCKED
    ), leased AS (
        UPDATE {schema}.revento_deliveries AS it
        SET state = 'leased', at = $2, fence = nextval({sequence}), attempt = attempt + 1
        FROM ready WHERE it.envelope_id = ready.envelope_id
        RETURNING coalesce(it.long_envelope_id, it.envelope_id) AS envelope_id, it.fence,
            coalesce(it.long_delivery_id, it.delivery_id) AS delivery_id, it.event_type, it.occurred_at, it.received_at, it.attempt,
            it.single_attempt, it.body, ready.at AS was_due, ready.arrival AS arrived
    )
    SELECT * FROM leased ORDER BY was_due, arrived";
const NEXT_DUE: &str =
    "SELECT min(at) FROM {schema}.revento_deliveries WHERE state IN ('queued', 'leased') AND NOT behind";
/// Buried deliveries in the order of the list, behind a position where `$behind` says so.
macro_rules! buried {
    ($behind:literal, $limit:literal) => {
        concat!(
            "SELECT coalesce(d.long_envelope_id, d.envelope_id) AS envelope_id,
                coalesce(d.long_delivery_id, d.delivery_id) AS delivery_id, event_type, occurred_at, received_at, at, attempt,
                error, body IS NULL AS expunged
             FROM {schema}.revento_deliveries AS d WHERE state = 'buried' ",
            $behind,
            " ORDER BY at DESC, d.envelope_id DESC LIMIT ",
            $limit
        )
    };
}

const BURIED: &str = buried!("", "$1");
const BURIED_BEHIND: &str = buried!("AND (at, d.envelope_id) < ($1, $2)", "$3");
const EXPUNGE: &str = "UPDATE {schema}.revento_deliveries SET body = NULL, digest = NULL, error = NULL WHERE state = 'buried' AND body IS NOT NULL AND at < $1";
const FORGET: &str = "DELETE FROM {schema}.revento_deliveries WHERE state = 'done' AND at < $1";

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
    /// The statement that completes a delivery within a handler's own transaction, on any connection to the database. The
    /// transaction must be at `READ COMMITTED`, PostgreSQL's default: the statement fails at another level. Until the commit,
    /// other deliveries with the same ordering key wait, including new ones.
    pub fn completion(&self, lease: &Lease, now: Timestamp) -> CompletionStatement {
        CompletionStatement {
            sql: self.sql(COMPLETE),
            envelope_id: indexed(lease.envelope_id.as_str()),
            fence: lease.fence,
            at: now.unix_micros(),
        }
    }

    async fn insert_new(&self, delivery: &NewDelivery) -> Result<InsertOutcome, Failure> {
        let (envelope_id, delivery_id) = (delivery.envelope_id.as_str(), delivery.delivery_id.as_str());
        let call = Call::new(INSERT)
            .bind(indexed(envelope_id))
            .bind(indexed(delivery_id))
            .bind(escape(delivery.event_type.as_str()))
            .bind(indexed(&delivery.ordering_key))
            .bind(delivery.occurred_at.unix_micros())
            .bind(delivery.received_at.unix_micros())
            .bind(delivery.body.as_bytes())
            .bind(delivery.body_digest.as_slice())
            .bind(delivery.signed_at.unix_micros())
            .bind(long(envelope_id))
            .bind(long(delivery_id));
        let row = self.row(call).await?.ok_or(sqlx::Error::RowNotFound)?;
        Ok(read_insert_outcome(row.try_get(0)?)?)
    }

    /// Ends a lease and sets the delivery's next state. `false` if the lease is not held.
    async fn finish(
        &self,
        lease: &Lease,
        state: DeliveryState,
        at: Timestamp,
        error: Option<&str>,
    ) -> Result<bool, Failure> {
        let call = Call::new(FINISH)
            .bind(indexed(lease.envelope_id.as_str()))
            .bind(lease.fence)
            .bind(state.as_str())
            .bind(at.unix_micros())
            .bind(error.map(escape));
        let row = self.row(call).await?.ok_or(sqlx::Error::RowNotFound)?;
        Ok(row.try_get(0)?)
    }

    /// Makes a call whose only argument is a time. Returns how many rows it has written.
    async fn write_before(&self, template: &'static str, before: Timestamp) -> Result<u64, Failure> {
        let call = Call::new(template).bind(before.unix_micros());
        Ok(self.call(call).await?.written)
    }

    async fn requeue_buried(
        &self,
        envelope_id: &EnvelopeId,
        now: Timestamp,
        attempts: RequeueAttempts,
    ) -> Result<RequeueOutcome, Failure> {
        let call = Call::new(REQUEUE)
            .bind(indexed(envelope_id.as_str()))
            .bind(now.unix_micros())
            .bind(attempts == RequeueAttempts::Single);
        let row = self.row(call).await?.ok_or(sqlx::Error::RowNotFound)?;
        Ok(match row.try_get::<Option<&str>, _>(0)? {
            Some("expunged") => RequeueOutcome::Expunged,
            Some(_) => RequeueOutcome::Requeued,
            None => RequeueOutcome::NotBuried,
        })
    }
}

/// Reads what `revento_insert` returns.
fn read_insert_outcome(answer: &str) -> Result<InsertOutcome, sqlx::Error> {
    let (answer, other_body) = match answer.strip_suffix(", other body") {
        Some(answer) => (answer, true),
        None => (answer, false),
    };
    Ok(match answer {
        "new" | "new, delivery id reused" => InsertOutcome::New {
            delivery_id_reused: answer != "new",
        },
        "requeued" => InsertOutcome::Requeued { other_body },
        state => InsertOutcome::Known {
            state: read_state(state)?,
            other_body,
        },
    })
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
            .map_err(failed("storing a delivery"))
    }

    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<LeasedDelivery>, StoreError> {
        let call = Call::new(LEASE)
            .bind(now.unix_micros())
            .bind(until.unix_micros())
            .bind(row_limit(limit));
        let rows = self.rows(call).await;
        rows.and_then(|rows| Ok(rows.iter().map(read_leased).collect::<Result<_, _>>()?))
            .map_err(failed("leasing deliveries"))
    }

    async fn complete(&self, lease: &Lease, now: Timestamp) -> Result<bool, StoreError> {
        self.finish(lease, DeliveryState::Done, now, None)
            .await
            .map_err(failed("completing a delivery"))
    }

    async fn retry(&self, lease: &Lease, at: Timestamp, error: &str) -> Result<bool, StoreError> {
        self.finish(lease, DeliveryState::Queued, at, Some(error))
            .await
            .map_err(failed("queueing a failed delivery"))
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
        self.requeue_buried(envelope_id, now, attempts)
            .await
            .map_err(failed("requeueing a buried delivery"))
    }

    async fn buried(
        &self,
        after: Option<&BuriedCursor>,
        limit: usize,
    ) -> Result<Vec<BuriedDelivery>, StoreError> {
        let call = match after {
            Some(after) => Call::new(BURIED_BEHIND)
                .bind(after.buried_at.unix_micros())
                .bind(indexed(after.envelope_id.as_str())),
            None => Call::new(BURIED),
        };
        let rows = self.rows(call.bind(row_limit(limit))).await;
        rows.and_then(|rows| Ok(rows.iter().map(read_buried).collect::<Result<_, _>>()?))
            .map_err(not_read("listing buried deliveries"))
    }

    async fn expunge(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.write_before(EXPUNGE, before)
            .await
            .map_err(failed("expunging buried deliveries"))
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let read = |row: Option<PgRow>| match row {
            Some(row) => Ok(row.try_get::<Option<i64>, _>(0)?.map(Timestamp::from_unix_micros)),
            None => Ok(None),
        };
        let row = self.row(Call::new(NEXT_DUE)).await;
        row.and_then(read)
            .map_err(not_read("asking when the next delivery is due"))
    }

    async fn state(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryState>, StoreError> {
        let read = |row: Option<PgRow>| match row {
            Some(row) => Ok(Some(read_state(row.try_get(0)?)?)),
            None => Ok(None),
        };
        let row = self
            .row(Call::new(STATE).bind(indexed(envelope_id.as_str())))
            .await;
        row.and_then(read).map_err(not_read("loading a delivery's state"))
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.write_before(FORGET, before)
            .await
            .map_err(failed("forgetting handled deliveries"))
    }
}
