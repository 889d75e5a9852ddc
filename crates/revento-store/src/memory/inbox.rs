//! [`InboxStore`] in memory.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    fmt,
    sync::Mutex,
};

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};

use super::lock;
use crate::{
    BuriedCursor, BuriedDelivery, DeliverySlot, DeliveryState, InboxStore, InsertOutcome, Lease,
    LeasedDelivery, NewDelivery, RequeueAttempts, RequeueOutcome, StoreError,
};

/// An [`InboxStore`] that lives as long as the process.
#[derive(Default)]
pub struct MemoryInbox(pub(super) Mutex<Table>);

#[derive(Default)]
pub(super) struct Table {
    pub(super) rows: BTreeMap<EnvelopeId, DeliverySlot>,
    counter: i64,
}

impl Table {
    /// One counter for arrivals and fences of all deliveries: none is ever used twice.
    fn next(&mut self) -> i64 {
        self.counter += 1;
        self.counter
    }

    /// Changes a delivery, which arrives anew if it is queued again; `None` if it is not known.
    fn change<R>(
        &mut self,
        envelope_id: &EnvelopeId,
        change: impl FnOnce(&mut DeliverySlot) -> R,
    ) -> Option<R> {
        let number = self.next();
        let row = self.rows.get_mut(envelope_id)?;
        let answer = change(row);
        row.arrived(number);
        Some(answer)
    }

    /// Whatever waits and has nothing before it under the same ordering key, in the order of arrival.
    fn heads(&mut self) -> Vec<&mut DeliverySlot> {
        let waiting = self.rows.values_mut().filter(|row| row.waits());
        let mut waiting: Vec<&mut DeliverySlot> = waiting.collect();
        waiting.sort_by_key(|row| row.arrival());
        let mut keys_taken = BTreeSet::new();
        waiting.retain(|row| {
            let key = row.ordering_key();
            key.is_empty() || keys_taken.insert(key.to_owned())
        });
        waiting
    }
}

impl MemoryInbox {
    /// An empty inbox.
    pub fn new() -> Self {
        Self::default()
    }

    /// Changes the delivery of a lease. `false` if the lease is no longer held.
    fn with_lease(&self, lease: &Lease, change: impl FnOnce(&mut DeliverySlot) -> bool) -> bool {
        let changed = lock(&self.0).change(&lease.envelope_id, change);
        changed.unwrap_or_default()
    }
}

impl fmt::Debug for MemoryInbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryInbox")
            .field("deliveries", &lock(&self.0).rows.len())
            .finish()
    }
}

#[async_trait]
impl InboxStore for MemoryInbox {
    async fn insert(&self, delivery: &NewDelivery) -> Result<InsertOutcome, StoreError> {
        let mut table = lock(&self.0);
        if let Some(outcome) = table.change(&delivery.envelope_id, |row| row.insert(delivery)) {
            return Ok(outcome);
        }
        let mut known = table.rows.values();
        let delivery_id_reused = known.any(|row| *row.delivery_id() == delivery.delivery_id);
        let number = table.next();
        if let Entry::Vacant(place) = table.rows.entry(delivery.envelope_id.clone()) {
            place.insert(DeliverySlot::new(delivery.clone())).arrived(number);
        }
        Ok(InsertOutcome::New { delivery_id_reused })
    }

    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<LeasedDelivery>, StoreError> {
        let mut table = lock(&self.0);
        let fence = table.next();
        let mut waiting = table.heads();
        waiting.sort_by_key(|row| row.at());
        Ok(waiting
            .into_iter()
            .filter_map(|row| row.lease(fence, now, until))
            .take(limit)
            .collect())
    }

    async fn complete(&self, lease: &Lease, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.with_lease(lease, |row| row.complete(lease, now)))
    }

    async fn retry(&self, lease: &Lease, at: Timestamp, error: &str) -> Result<bool, StoreError> {
        Ok(self.with_lease(lease, |row| row.retry(lease, at, error)))
    }

    async fn bury(&self, lease: &Lease, now: Timestamp, error: &str) -> Result<bool, StoreError> {
        Ok(self.with_lease(lease, |row| row.bury(lease, now, error)))
    }

    async fn requeue(
        &self,
        envelope_id: &EnvelopeId,
        now: Timestamp,
        attempts: RequeueAttempts,
    ) -> Result<RequeueOutcome, StoreError> {
        let requeued = lock(&self.0).change(envelope_id, |row| row.requeue(now, attempts));
        Ok(requeued.unwrap_or(RequeueOutcome::NotBuried))
    }

    async fn buried(
        &self,
        after: Option<&BuriedCursor>,
        limit: usize,
    ) -> Result<Vec<BuriedDelivery>, StoreError> {
        let table = lock(&self.0);
        let place = |buried: &BuriedDelivery| (buried.buried_at, buried.envelope_id.clone());
        let after = after.map(|after| (after.buried_at, after.envelope_id.clone()));
        let buried = table.rows.values().filter_map(DeliverySlot::buried);
        let behind = buried.filter(|buried| after.as_ref().is_none_or(|after| place(buried) < *after));
        let mut buried: Vec<_> = behind.collect();
        buried.sort_by_cached_key(|buried| std::cmp::Reverse(place(buried)));
        buried.truncate(limit);
        Ok(buried)
    }

    async fn expunge(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut table = lock(&self.0);
        let expunged = table.rows.values_mut().map(|row| row.expunge(before));
        Ok(expunged.map(u64::from).sum())
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(lock(&self.0).heads().iter().map(|row| row.at()).min())
    }

    async fn state(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryState>, StoreError> {
        Ok(lock(&self.0).rows.get(envelope_id).map(DeliverySlot::state))
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        let rows = &mut lock(&self.0).rows;
        let known = rows.len();
        rows.retain(|_, row| row.state() != DeliveryState::Done || row.at() >= before);
        Ok(u64::try_from(known - rows.len()).unwrap_or(u64::MAX))
    }
}
