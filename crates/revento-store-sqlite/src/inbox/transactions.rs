//! Calls of several statements, each in one transaction.

use revento_core::{EnvelopeId, EventType, Timestamp};
use revento_store::{
    BuriedDelivery, DeliveryState, InsertOutcome, Lease, LeasedDelivery, NewDelivery, RequeueAttempts,
    RequeueOutcome, Sealed, columns,
};
use sqlx::{Row as _, Sqlite, Transaction, sqlite::SqliteRow};

use super::sql::{FINISH, INSERT, KNOWN, KNOWN_DELIVERY_ID, LEASE, READY, REVIVE, STATE};
use crate::{
    SqliteStore,
    error::unreadable,
    record::Row,
    store::{next, row_limit},
};

impl SqliteStore {
    /// Takes a delivery out of its lease into another state. `false` when the lease is not held.
    pub(super) async fn finish(
        &self,
        lease: &Lease,
        state: DeliveryState,
        at: Timestamp,
        error: Option<&str>,
    ) -> Result<bool, sqlx::Error> {
        let mut tx = self.write().await?;
        let update = sqlx::query(FINISH)
            .bind(lease.envelope_id.as_str())
            .bind(lease.fence)
            .bind(state.as_str())
            .bind(at.unix_micros())
            .bind(error);
        let held = update.execute(&mut *tx).await?.rows_affected() == 1;
        tx.commit().await?;
        Ok(held)
    }

    /// Runs a statement whose only parameter is a time; how many rows it changed.
    pub(super) async fn write_before(
        &self,
        sql: &'static str,
        before: Timestamp,
    ) -> Result<u64, sqlx::Error> {
        let mut tx = self.write().await?;
        let changed = sqlx::query(sql)
            .bind(before.unix_micros())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(changed.rows_affected())
    }

    pub(super) async fn insert_new(&self, delivery: &NewDelivery) -> Result<InsertOutcome, sqlx::Error> {
        let mut tx = self.write().await?;
        let known: Option<(String, bool)> = sqlx::query_as(KNOWN)
            .bind(delivery.envelope_id.as_str())
            .bind(delivery.body_digest.as_slice())
            .fetch_optional(&mut *tx)
            .await?;
        let read = |(state, other_body): (String, bool)| read_state(&state).map(|state| (state, other_body));
        match known.map(read).transpose()? {
            Some((DeliveryState::Buried, other_body)) => {
                let id = &delivery.envelope_id;
                let attempts = RequeueAttempts::Full;
                if revive(&mut tx, id, delivery.received_at, attempts, Some(delivery)).await? {
                    tx.commit().await?;
                    return Ok(InsertOutcome::Requeued { other_body });
                }
                // The attempt was not signed after the burial.
                let state = DeliveryState::Buried;
                Ok(InsertOutcome::Known { state, other_body })
            }
            Some((state, other_body)) => Ok(InsertOutcome::Known { state, other_body }),
            None => {
                let delivery_id_reused = sqlx::query_scalar(KNOWN_DELIVERY_ID)
                    .bind(delivery.delivery_id.as_str())
                    .fetch_one(&mut *tx)
                    .await?;
                let arrival = next(&mut tx).await?;
                let insert = sqlx::query(INSERT)
                    .bind(delivery.envelope_id.as_str())
                    .bind(delivery.delivery_id.as_str())
                    .bind(delivery.event_type.as_str())
                    .bind(delivery.ordering_key.as_str())
                    .bind(delivery.occurred_at.unix_micros())
                    .bind(delivery.received_at.unix_micros())
                    .bind(delivery.body.as_bytes())
                    .bind(arrival)
                    .bind(delivery.body_digest.as_slice());
                insert.execute(&mut *tx).await?;
                tx.commit().await?;
                Ok(InsertOutcome::New { delivery_id_reused })
            }
        }
    }

    pub(super) async fn requeue_buried(
        &self,
        envelope_id: &EnvelopeId,
        now: Timestamp,
        attempts: RequeueAttempts,
    ) -> Result<RequeueOutcome, sqlx::Error> {
        let mut tx = self.write().await?;
        if revive(&mut tx, envelope_id, now, attempts, None).await? {
            tx.commit().await?;
            return Ok(RequeueOutcome::Requeued);
        }
        let state: Option<String> = sqlx::query_scalar(STATE)
            .bind(envelope_id.as_str())
            .fetch_optional(&mut *tx)
            .await?;
        Ok(match state.as_deref().map(read_state).transpose()? {
            Some(DeliveryState::Buried) => RequeueOutcome::Expunged,
            _ => RequeueOutcome::NotBuried,
        })
    }

    pub(super) async fn lease_ready(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<LeasedDelivery>, sqlx::Error> {
        let ready = |limit: i64| sqlx::query(READY).bind(now.unix_micros()).bind(limit);
        if ready(1).fetch_optional(&self.readers).await?.is_none() {
            return Ok(Vec::new()); // An idle runner does not take the write lock.
        }
        let mut tx = self.write().await?;
        let rows = ready(row_limit(limit)).fetch_all(&mut *tx).await?;
        let fence = next(&mut tx).await?;
        let mut leased = Vec::with_capacity(rows.len());
        for row in &rows {
            let delivery = read_leased(row, fence)?;
            let update = sqlx::query(LEASE)
                .bind(row.try_get::<String, _>("envelope_id")?)
                .bind(until.unix_micros())
                .bind(fence);
            update.execute(&mut *tx).await?;
            leased.push(delivery);
        }
        tx.commit().await?;
        Ok(leased)
    }
}

/// Queues a buried delivery again as the newest one, with the body of the replay if this is a replay.
/// `false` if it is not buried, if there is no body, or if the replay was not signed after the burial.
pub(super) async fn revive(
    tx: &mut Transaction<'_, Sqlite>,
    envelope_id: &EnvelopeId,
    now: Timestamp,
    attempts: RequeueAttempts,
    replay: Option<&NewDelivery>,
) -> Result<bool, sqlx::Error> {
    let arrival = next(tx).await?;
    let update = sqlx::query(REVIVE)
        .bind(envelope_id.as_str())
        .bind(now.unix_micros())
        .bind(arrival)
        .bind(replay.map(|replay| replay.body.as_bytes()))
        .bind(replay.map(|replay| replay.body_digest.as_slice()))
        .bind(attempts == RequeueAttempts::Single)
        .bind(replay.map(|replay| replay.signed_at.unix_micros()));
    Ok(update.execute(&mut **tx).await?.rows_affected() == 1)
}

pub(super) fn read_state(text: &str) -> Result<DeliveryState, sqlx::Error> {
    DeliveryState::from_name(text).ok_or_else(|| unreadable("state"))
}

/// A row as it was, as the delivery that leasing it makes.
fn read_leased(row: &SqliteRow, fence: i64) -> Result<LeasedDelivery, sqlx::Error> {
    let text = |column: &str| row.try_get::<String, _>(column);
    let attempts: u32 = row.try_get("attempt")?;
    Ok(LeasedDelivery {
        lease: Lease {
            envelope_id: text("envelope_id")?.into(),
            fence,
        },
        delivery_id: text("delivery_id")?.into(),
        event_type: EventType::from(text("event_type")?.as_str()),
        occurred_at: Timestamp::from_unix_micros(row.try_get("occurred_at")?),
        received_at: Timestamp::from_unix_micros(row.try_get("received_at")?),
        attempt: attempts.saturating_add(1),
        single_attempt: row.try_get("single_attempt")?,
        body: Sealed::from_bytes(row.try_get::<Vec<u8>, _>("body")?),
    })
}

pub(super) fn read_buried(row: &SqliteRow) -> Result<BuriedDelivery, sqlx::Error> {
    columns::read_buried(&Row(row), row.try_get("attempt")?, row.try_get("expunged")?)
}
