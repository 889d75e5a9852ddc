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
    BuriedCursor, BuriedDelivery, DeliveryState, InboxStore, InsertOutcome, Lease, LeasedDelivery,
    NewDelivery, RequeueAttempts, RequeueOutcome, Sealed, StoreError,
};

/// An [`InboxStore`] that lives as long as the process.
#[derive(Default)]
pub struct MemoryInbox(pub(super) Mutex<Table>);

#[derive(Default)]
pub(super) struct Table {
    pub(super) rows: BTreeMap<EnvelopeId, Row>,
    counter: i64,
}

impl Table {
    /// One counter for arrivals and fences of all deliveries: none is ever used twice.
    fn next(&mut self) -> i64 {
        self.counter += 1;
        self.counter
    }

    /// Queues a buried delivery again as the newest one, with the body of the replay if this is a replay.
    fn revive(
        &mut self,
        envelope_id: &EnvelopeId,
        now: Timestamp,
        attempts: RequeueAttempts,
        replay: Option<&NewDelivery>,
    ) -> RequeueOutcome {
        let arrival = self.next();
        let Some(row) = self.rows.get_mut(envelope_id) else {
            return RequeueOutcome::NotBuried;
        };
        if row.state != DeliveryState::Buried {
            return RequeueOutcome::NotBuried;
        }
        if let Some(replay) = replay {
            if replay.signed_at <= row.at {
                return RequeueOutcome::NotBuried;
            }
            row.delivery.body = replay.body.clone();
            row.delivery.body_digest = replay.body_digest;
        } else if row.expunged {
            return RequeueOutcome::Expunged;
        }
        row.expunged = false;
        row.arrival = arrival;
        row.attempt = 0;
        row.single_attempt = attempts == RequeueAttempts::Single;
        row.queue(now);
        RequeueOutcome::Requeued
    }

    /// Whatever waits and has nothing before it under the same ordering key, in the order of arrival.
    fn heads(&mut self) -> Vec<&mut Row> {
        let mut waiting: Vec<&mut Row> = self.rows.values_mut().filter(|row| row.waits()).collect();
        waiting.sort_by_key(|row| row.arrival);
        let mut keys_taken = BTreeSet::new();
        waiting.retain(|row| {
            let key = &row.delivery.ordering_key;
            key.is_empty() || keys_taken.insert(key.clone())
        });
        waiting
    }
}

pub(super) struct Row {
    pub(super) delivery: NewDelivery,
    pub(super) arrival: i64,
    pub(super) state: DeliveryState,
    /// When it is due, when its lease runs out, or when it was handled or buried.
    pub(super) at: Timestamp,
    pub(super) attempt: u32,
    pub(super) single_attempt: bool,
    fence: i64,
    /// Why the last attempt failed.
    pub(super) error: String,
    pub(super) expunged: bool,
}

impl Row {
    fn holds(&self, lease: &Lease) -> bool {
        self.state == DeliveryState::Leased && self.fence == lease.fence
    }

    pub(super) fn waits(&self) -> bool {
        matches!(self.state, DeliveryState::Queued | DeliveryState::Leased)
    }

    fn wipe(&mut self) {
        self.delivery.body = Sealed::from_bytes([]);
    }

    fn buried(&self) -> BuriedDelivery {
        BuriedDelivery {
            envelope_id: self.delivery.envelope_id.clone(),
            delivery_id: self.delivery.delivery_id.clone(),
            event_type: self.delivery.event_type.clone(),
            occurred_at: self.delivery.occurred_at,
            received_at: self.delivery.received_at,
            buried_at: self.at,
            attempts: self.attempt,
            error: self.error.clone(),
            expunged: self.expunged,
        }
    }

    fn queue(&mut self, at: Timestamp) {
        self.state = DeliveryState::Queued;
        self.at = at;
    }
}

impl MemoryInbox {
    /// An empty inbox.
    pub fn new() -> Self {
        Self::default()
    }

    /// Changes a delivery if the lease is still held.
    fn with_lease(&self, lease: &Lease, change: impl FnOnce(&mut Row)) -> bool {
        match lock(&self.0).rows.get_mut(&lease.envelope_id) {
            Some(row) if row.holds(lease) => {
                change(row);
                true
            }
            _ => false,
        }
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
        let known = table.rows.get(&delivery.envelope_id);
        let other_body =
            known.is_some_and(|row| !row.expunged && row.delivery.body_digest != delivery.body_digest);
        let revived = table.revive(
            &delivery.envelope_id,
            delivery.received_at,
            RequeueAttempts::Full,
            Some(delivery),
        );
        if revived == RequeueOutcome::Requeued {
            return Ok(InsertOutcome::Requeued { other_body });
        }
        let arrival = table.next();
        let delivery_id_reused = table
            .rows
            .values()
            .any(|row| row.delivery.delivery_id == delivery.delivery_id);
        Ok(match table.rows.entry(delivery.envelope_id.clone()) {
            Entry::Occupied(place) => InsertOutcome::Known {
                state: place.get().state,
                other_body,
            },
            Entry::Vacant(place) => {
                place.insert(Row {
                    delivery: delivery.clone(),
                    arrival,
                    state: DeliveryState::Queued,
                    at: delivery.received_at,
                    attempt: 0,
                    single_attempt: false,
                    fence: 0,
                    error: String::new(),
                    expunged: false,
                });
                InsertOutcome::New { delivery_id_reused }
            }
        })
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
        waiting.retain(|row| row.at <= now);
        waiting.sort_by_key(|row| row.at);
        Ok(waiting
            .into_iter()
            .take(limit)
            .map(|row| {
                row.state = DeliveryState::Leased;
                row.at = until;
                row.attempt += 1;
                row.fence = fence;
                LeasedDelivery {
                    lease: Lease {
                        envelope_id: row.delivery.envelope_id.clone(),
                        fence: row.fence,
                    },
                    delivery_id: row.delivery.delivery_id.clone(),
                    event_type: row.delivery.event_type.clone(),
                    occurred_at: row.delivery.occurred_at,
                    received_at: row.delivery.received_at,
                    attempt: row.attempt,
                    single_attempt: row.single_attempt,
                    body: row.delivery.body.clone(),
                }
            })
            .collect())
    }

    async fn complete(&self, lease: &Lease, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.with_lease(lease, |row| {
            row.state = DeliveryState::Done;
            row.at = now;
            row.error.clear();
            row.wipe();
        }))
    }

    async fn retry(&self, lease: &Lease, at: Timestamp, error: &str) -> Result<bool, StoreError> {
        Ok(self.with_lease(lease, |row| {
            error.clone_into(&mut row.error);
            row.queue(at);
        }))
    }

    async fn bury(&self, lease: &Lease, now: Timestamp, error: &str) -> Result<bool, StoreError> {
        Ok(self.with_lease(lease, |row| {
            error.clone_into(&mut row.error);
            row.state = DeliveryState::Buried;
            row.at = now;
        }))
    }

    async fn requeue(
        &self,
        envelope_id: &EnvelopeId,
        now: Timestamp,
        attempts: RequeueAttempts,
    ) -> Result<RequeueOutcome, StoreError> {
        Ok(lock(&self.0).revive(envelope_id, now, attempts, None))
    }

    async fn buried(
        &self,
        after: Option<&BuriedCursor>,
        limit: usize,
    ) -> Result<Vec<BuriedDelivery>, StoreError> {
        let table = lock(&self.0);
        let is_behind = |row: &Row| {
            let place = (row.at, &row.delivery.envelope_id);
            after.is_none_or(|after| place < (after.buried_at, &after.envelope_id))
        };
        let mut buried: Vec<&Row> = table
            .rows
            .values()
            .filter(|row| row.state == DeliveryState::Buried && is_behind(row))
            .collect();
        buried.sort_by_key(|row| std::cmp::Reverse((row.at, &row.delivery.envelope_id)));
        Ok(buried.into_iter().take(limit).map(Row::buried).collect())
    }

    async fn expunge(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut count = 0;
        for row in lock(&self.0).rows.values_mut() {
            if row.state == DeliveryState::Buried && row.at < before && !row.expunged {
                row.wipe();
                row.delivery.body_digest = [0; 32];
                row.error.clear();
                row.expunged = true;
                count += 1;
            }
        }
        Ok(count)
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(lock(&self.0).heads().iter().map(|row| row.at).min())
    }

    async fn state(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryState>, StoreError> {
        Ok(lock(&self.0).rows.get(envelope_id).map(|row| row.state))
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        let rows = &mut lock(&self.0).rows;
        let known = rows.len();
        rows.retain(|_, row| row.state != DeliveryState::Done || row.at >= before);
        Ok(u64::try_from(known - rows.len()).unwrap_or(u64::MAX))
    }
}
