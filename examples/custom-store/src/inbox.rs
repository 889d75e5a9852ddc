//! [`InboxStore`] in SQL. [`DeliverySlot`] has the rules for one delivery, and the view `leasable` that of the order.

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};
use revento_store::{
    BuriedCursor, BuriedDelivery, DecodeSlotError, DeliverySlot, DeliveryState, InboxStore, InsertOutcome,
    Lease, LeasedDelivery, NewDelivery, RequeueAttempts, RequeueOutcome, StoreError,
};

use crate::sql::{BoxError, SqlStore, Tx, key_of, not_read, not_written, row_limit};

const GET: &str = "SELECT slot FROM deliveries WHERE id = ?";
const DELETE: &str = "DELETE FROM deliveries WHERE id = ?";
const PUT: &str =
    "INSERT INTO deliveries (id, delivery_id, queue, arrival, state, at, slot) VALUES (?, ?, ?, ?, ?, ?, ?)";
const IS_KNOWN: &str = "SELECT EXISTS (SELECT 1 FROM deliveries WHERE delivery_id = ?)";
const LEASE: &str = "SELECT slot FROM leasable WHERE at <= ? ORDER BY at, arrival LIMIT ?";
const NEXT_DUE: &str = "SELECT min(at) FROM leasable";
const BURIED: &str = "SELECT slot FROM deliveries
    WHERE state = 'buried' AND (at < ? OR at = ? AND id < ?) ORDER BY at DESC, id DESC LIMIT ?";
const BURIED_BEFORE: &str = "SELECT slot FROM deliveries WHERE state = 'buried' AND at < ?";
const FORGET: &str = "DELETE FROM deliveries WHERE state = 'done' AND at < ?";

async fn get(tx: &mut Tx, envelope_id: &EnvelopeId) -> Result<Option<DeliverySlot>, BoxError> {
    let found = sqlx::query_scalar(GET).bind(key_of(envelope_id.as_str()));
    Ok(read(&found.fetch_all(&mut **tx).await?)?.pop())
}

/// Writes a delivery, which has arrived with this number if it has just been queued.
async fn put(tx: &mut Tx, slot: &mut DeliverySlot, number: i64) -> Result<(), BoxError> {
    slot.arrived(number);
    let id = key_of(slot.envelope_id().as_str());
    sqlx::query(DELETE).bind(&id).execute(&mut **tx).await?;
    sqlx::query(PUT)
        .bind(&id)
        .bind(key_of(slot.delivery_id().as_str()))
        .bind(slot.queue().map(key_of))
        .bind(slot.arrival())
        .bind(slot.state().as_str())
        .bind(slot.at().unix_micros())
        .bind(slot.to_bytes())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

fn read(slots: &[Vec<u8>]) -> Result<Vec<DeliverySlot>, DecodeSlotError> {
    slots
        .iter()
        .map(|bytes| DeliverySlot::from_bytes(bytes))
        .collect()
}

impl SqlStore {
    /// Changes a delivery in one transaction; `None` if it is not known.
    async fn change_delivery<T>(
        &self,
        envelope_id: &EnvelopeId,
        change: impl FnOnce(&mut DeliverySlot) -> T + Send,
    ) -> Result<Option<T>, BoxError> {
        let (mut tx, number) = self.begin().await?;
        let Some(mut slot) = get(&mut tx, envelope_id).await? else {
            return Ok(None);
        };
        let answer = change(&mut slot);
        put(&mut tx, &mut slot, number).await?;
        tx.commit().await?;
        Ok(Some(answer))
    }

    /// The same for a delivery that is leased. `false` if it is not known.
    async fn finish(
        &self,
        lease: &Lease,
        finish: impl FnOnce(&mut DeliverySlot) -> bool + Send,
        action: &'static str,
    ) -> Result<bool, StoreError> {
        let finished = self.change_delivery(&lease.envelope_id, finish).await;
        Ok(finished.map_err(not_written(action))?.unwrap_or_default())
    }

    async fn insert_delivery(&self, delivery: &NewDelivery) -> Result<InsertOutcome, BoxError> {
        let (mut tx, number) = self.begin().await?;
        let (mut slot, outcome) = match get(&mut tx, &delivery.envelope_id).await? {
            Some(mut slot) => {
                let outcome = slot.insert(delivery);
                (slot, outcome)
            }
            None => {
                let is_known = sqlx::query_scalar(IS_KNOWN).bind(key_of(delivery.delivery_id.as_str()));
                let delivery_id_reused = is_known.fetch_one(&mut *tx).await?;
                let slot = DeliverySlot::new(delivery.clone());
                (slot, InsertOutcome::New { delivery_id_reused })
            }
        };
        put(&mut tx, &mut slot, number).await?;
        tx.commit().await?;
        Ok(outcome)
    }

    async fn lease_deliveries(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<LeasedDelivery>, BoxError> {
        let (mut tx, number) = self.begin().await?;
        let due = sqlx::query_scalar(LEASE)
            .bind(now.unix_micros())
            .bind(row_limit(limit));
        let mut leased = Vec::new();
        for mut slot in read(&due.fetch_all(&mut *tx).await?)? {
            leased.extend(slot.lease(number, now, until));
            put(&mut tx, &mut slot, number).await?;
        }
        tx.commit().await?;
        Ok(leased)
    }

    async fn expunge_deliveries(&self, before: Timestamp) -> Result<u64, BoxError> {
        let (mut tx, number) = self.begin().await?;
        let buried = sqlx::query_scalar(BURIED_BEFORE).bind(before.unix_micros());
        let mut count = 0;
        for mut slot in read(&buried.fetch_all(&mut *tx).await?)? {
            count += u64::from(slot.expunge(before));
            put(&mut tx, &mut slot, number).await?;
        }
        tx.commit().await?;
        Ok(count)
    }

    async fn forget_deliveries(&self, before: Timestamp) -> Result<u64, BoxError> {
        let (mut tx, _) = self.begin().await?;
        let done = sqlx::query(FORGET).bind(before.unix_micros());
        let forgotten = done.execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(forgotten.rows_affected())
    }
}

#[async_trait]
impl InboxStore for SqlStore {
    async fn insert(&self, delivery: &NewDelivery) -> Result<InsertOutcome, StoreError> {
        self.insert_delivery(delivery)
            .await
            .map_err(not_written("storing a delivery"))
    }

    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<LeasedDelivery>, StoreError> {
        self.lease_deliveries(now, until, limit)
            .await
            .map_err(not_written("leasing deliveries"))
    }

    async fn complete(&self, lease: &Lease, now: Timestamp) -> Result<bool, StoreError> {
        self.finish(lease, |slot| slot.complete(lease, now), "completing a delivery")
            .await
    }

    async fn retry(&self, lease: &Lease, at: Timestamp, error: &str) -> Result<bool, StoreError> {
        self.finish(
            lease,
            |slot| slot.retry(lease, at, error),
            "queueing a delivery again",
        )
        .await
    }

    async fn bury(&self, lease: &Lease, now: Timestamp, error: &str) -> Result<bool, StoreError> {
        self.finish(lease, |slot| slot.bury(lease, now, error), "burying a delivery")
            .await
    }

    async fn requeue(
        &self,
        envelope_id: &EnvelopeId,
        now: Timestamp,
        attempts: RequeueAttempts,
    ) -> Result<RequeueOutcome, StoreError> {
        let requeued = self
            .change_delivery(envelope_id, |slot| slot.requeue(now, attempts))
            .await;
        let outcome = requeued.map_err(not_written("requeueing a delivery"))?;
        Ok(outcome.unwrap_or(RequeueOutcome::NotBuried))
    }

    async fn buried(
        &self,
        after: Option<&BuriedCursor>,
        limit: usize,
    ) -> Result<Vec<BuriedDelivery>, StoreError> {
        // No UTF-8 has the byte 255: behind it is everything.
        let (at, id) = after.map_or((i64::MAX, vec![255]), |after| {
            (after.buried_at.unix_micros(), key_of(after.envelope_id.as_str()))
        });
        let list = sqlx::query_scalar(BURIED)
            .bind(at)
            .bind(at)
            .bind(id)
            .bind(row_limit(limit));
        let slots: Result<Vec<_>, _> = list.fetch_all(&self.0).await.map_err(BoxError::from);
        let slots = slots.and_then(|slots| Ok(read(&slots)?));
        let slots = slots.map_err(not_read("listing buried deliveries"))?;
        Ok(slots.iter().filter_map(DeliverySlot::buried).collect())
    }

    async fn expunge(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.expunge_deliveries(before)
            .await
            .map_err(not_written("deleting bodies"))
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let next: Result<Option<i64>, _> = sqlx::query_scalar(NEXT_DUE).fetch_one(&self.0).await;
        let next = next.map_err(|error| not_read("asking when a delivery is due")(error.into()))?;
        Ok(next.map(Timestamp::from_unix_micros))
    }

    async fn state(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryState>, StoreError> {
        let load = sqlx::query_scalar(GET).bind(key_of(envelope_id.as_str()));
        let slots: Result<Vec<_>, _> = load.fetch_all(&self.0).await.map_err(BoxError::from);
        let slots = slots.and_then(|slots| Ok(read(&slots)?));
        let slots = slots.map_err(not_read("asking for a delivery's state"))?;
        Ok(slots.first().map(DeliverySlot::state))
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.forget_deliveries(before)
            .await
            .map_err(not_written("forgetting deliveries"))
    }
}
