//! An in-memory inbox store with a fault of engines: of their texts, their orders, their isolation or their replicas.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
};

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};
use revento_store::{
    BuriedCursor, BuriedDelivery, DeliverySlot, DeliveryState, InboxStore, InsertOutcome, Lease,
    LeasedDelivery, NewDelivery, RequeueAttempts, RequeueOutcome, Sealed, StoreError,
};

use crate::text_change::TextChange;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EngineFault {
    Text(Field, TextChange),
    BodiesUpTo(usize),
    /// As a column for texts.
    DigestsUpToNul,
    DigestsWithoutCase,
    AttemptsInAByte,
    TimesAsTexts,
    TiesById,
    OrderingKeysWithoutCase,
    BuriedWithoutCase,
    BuriedAfterWithoutCase,
    /// The call also takes the delivery whose id differs in case.
    WithoutCase(Call),
    /// The call reads, waits and writes all that it has read.
    InTwoSteps(Call),
    /// A handle keeps what it has read until it writes itself.
    Stale(Read),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    DeliveryId,
    EventType,
    OrderingKey,
    Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    State,
    Replay,
    Complete,
    Retry,
    Bury,
    Requeue,
    Expunge,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    State,
    NextDue,
    Buried,
}

#[derive(Debug, Default)]
struct Table {
    rows: BTreeMap<String, DeliverySlot>,
    counter: i64,
}

impl Table {
    fn next(&mut self) -> i64 {
        self.counter += 1;
        self.counter
    }

    /// Whatever waits and has nothing before it, in the order of arrival.
    fn heads(&mut self, fault: EngineFault) -> Vec<&mut DeliverySlot> {
        let mut waiting: Vec<_> = self.rows.values_mut().filter(|row| row.waits()).collect();
        waiting.sort_by_key(|row| row.arrival());
        let mut taken = BTreeSet::new();
        waiting.retain(|row| {
            let key = row.ordering_key().to_owned();
            let key = if fault == EngineFault::OrderingKeysWithoutCase {
                key.to_lowercase()
            } else {
                key
            };
            key.is_empty() || taken.insert(key)
        });
        waiting
    }
}

#[derive(Debug, Default)]
struct Kept {
    states: BTreeMap<String, Option<DeliveryState>>,
    next_due: Option<Option<Timestamp>>,
    buried: Option<Vec<BuriedDelivery>>,
}

#[derive(Debug)]
pub(super) struct FaultyEngine {
    fault: EngineFault,
    table: Arc<Mutex<Table>>,
    kept: Mutex<Kept>,
}

impl FaultyEngine {
    pub(super) fn new(fault: EngineFault) -> Self {
        let (table, kept) = Default::default();
        Self { fault, table, kept }
    }

    /// Another handle to the same deliveries.
    pub(super) fn replica(&self) -> Self {
        Self {
            table: Arc::clone(&self.table),
            ..Self::new(self.fault)
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap()
    }

    fn text(&self, of: Field, text: &str) -> String {
        match self.fault {
            EngineFault::Text(field, change) if field == of => change.apply_to_required(text),
            _ => text.to_owned(),
        }
    }

    /// The delivery as the engine keeps it.
    fn stored(&self, delivery: &NewDelivery) -> NewDelivery {
        let mut delivery = delivery.clone();
        delivery.delivery_id = self.text(Field::DeliveryId, delivery.delivery_id.as_str()).into();
        let event_type = self.text(Field::EventType, delivery.event_type.as_str());
        delivery.event_type = event_type.as_str().into();
        delivery.ordering_key = self.text(Field::OrderingKey, &delivery.ordering_key);
        let digest = &mut delivery.body_digest;
        match self.fault {
            EngineFault::BodiesUpTo(size) => {
                let body = delivery.body.as_bytes();
                delivery.body = Sealed::from_bytes(&body[..body.len().min(size)]);
            }
            EngineFault::DigestsWithoutCase => digest.make_ascii_lowercase(),
            EngineFault::DigestsUpToNul => {
                if let Some(end) = digest.iter().position(|byte| *byte == 0) {
                    digest[end..].fill(0);
                }
            }
            _ => {}
        }
        delivery
    }

    /// Changes a delivery, and those that the call takes for it.
    async fn change<R>(
        &self,
        call: Call,
        id: &EnvelopeId,
        change: impl Fn(&mut DeliverySlot) -> R + Send,
    ) -> Option<R> {
        let id = id.as_str().to_owned();
        let number = self.table().next();
        if self.fault == EngineFault::InTwoSteps(call) {
            let mut row = self.table().rows.get(&id).cloned()?;
            crate::between_the_steps().await;
            let answer = change(&mut row);
            row.arrived(number);
            self.table().rows.insert(id, row);
            return Some(answer);
        }
        let mut table = self.table();
        if self.fault == EngineFault::WithoutCase(call) {
            let is_alike = |other: &&mut DeliverySlot| {
                let other = other.envelope_id().as_str();
                other != id && other.to_lowercase() == id.to_lowercase()
            };
            for other in table.rows.values_mut().filter(is_alike) {
                change(other);
                other.arrived(number);
            }
        }
        let row = table.rows.get_mut(&id)?;
        let answer = change(row);
        row.arrived(number);
        *self.kept.lock().unwrap() = Kept::default();
        Some(answer)
    }

    fn shown(&self, mut buried: BuriedDelivery) -> BuriedDelivery {
        if self.fault == EngineFault::AttemptsInAByte {
            buried.attempts %= 256;
        }
        buried
    }
}

#[async_trait]
impl InboxStore for FaultyEngine {
    async fn insert(&self, delivery: &NewDelivery) -> Result<InsertOutcome, StoreError> {
        let delivery = self.stored(delivery);
        let known = self
            .change(Call::Replay, &delivery.envelope_id, |row| row.insert(&delivery))
            .await;
        if let Some(outcome) = known {
            return Ok(outcome);
        }
        let mut table = self.table();
        let delivery_id_reused = table
            .rows
            .values()
            .any(|row| *row.delivery_id() == delivery.delivery_id);
        let number = table.next();
        let mut row = DeliverySlot::new(delivery.clone());
        row.arrived(number);
        table.rows.insert(delivery.envelope_id.as_str().to_owned(), row);
        *self.kept.lock().unwrap() = Kept::default();
        Ok(InsertOutcome::New { delivery_id_reused })
    }

    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<LeasedDelivery>, StoreError> {
        let mut table = self.table();
        let fence = table.next();
        let mut heads = table.heads(self.fault);
        match self.fault {
            EngineFault::TimesAsTexts => heads.sort_by_key(|row| row.at().unix_micros().to_string()),
            EngineFault::TiesById => heads.sort_by_key(|row| (row.at(), row.envelope_id().clone())),
            _ => heads.sort_by_key(|row| row.at()),
        }
        let text = |time: Timestamp| time.unix_micros().to_string();
        if self.fault == EngineFault::TimesAsTexts {
            heads.retain(|row| text(row.at()) <= text(now));
        }
        let leased = heads.into_iter().filter_map(|row| row.lease(fence, now, until));
        let mut leased: Vec<_> = leased.take(limit).collect();
        if self.fault == EngineFault::AttemptsInAByte {
            leased.iter_mut().for_each(|leased| leased.attempt %= 256);
        }
        *self.kept.lock().unwrap() = Kept::default();
        Ok(leased)
    }

    async fn complete(&self, lease: &Lease, now: Timestamp) -> Result<bool, StoreError> {
        let done = self
            .change(Call::Complete, &lease.envelope_id, |row| row.complete(lease, now))
            .await;
        Ok(done.unwrap_or_default())
    }

    async fn retry(&self, lease: &Lease, at: Timestamp, error: &str) -> Result<bool, StoreError> {
        let error = self.text(Field::Error, error);
        let queued = self
            .change(Call::Retry, &lease.envelope_id, |row| {
                row.retry(lease, at, &error)
            })
            .await;
        Ok(queued.unwrap_or_default())
    }

    async fn bury(&self, lease: &Lease, now: Timestamp, error: &str) -> Result<bool, StoreError> {
        let error = self.text(Field::Error, error);
        let buried = self
            .change(Call::Bury, &lease.envelope_id, |row| row.bury(lease, now, &error))
            .await;
        Ok(buried.unwrap_or_default())
    }

    async fn requeue(
        &self,
        envelope_id: &EnvelopeId,
        now: Timestamp,
        attempts: RequeueAttempts,
    ) -> Result<RequeueOutcome, StoreError> {
        let requeued = self
            .change(Call::Requeue, envelope_id, |row| row.requeue(now, attempts))
            .await;
        Ok(requeued.unwrap_or(RequeueOutcome::NotBuried))
    }

    async fn buried(
        &self,
        after: Option<&BuriedCursor>,
        limit: usize,
    ) -> Result<Vec<BuriedDelivery>, StoreError> {
        let mut kept = self.kept.lock().unwrap();
        if let (EngineFault::Stale(Read::Buried), Some(buried)) = (self.fault, &kept.buried) {
            return Ok(buried.clone());
        }
        let without_case = match after {
            Some(_) => self.fault == EngineFault::BuriedAfterWithoutCase,
            None => self.fault == EngineFault::BuriedWithoutCase,
        };
        let id = |id: &EnvelopeId| {
            if without_case {
                id.as_str().to_lowercase()
            } else {
                id.as_str().to_owned()
            }
        };
        let order = |at: Timestamp, one: &EnvelopeId, other_at, other: &EnvelopeId| {
            at.cmp(&other_at).then_with(|| id(one).cmp(&id(other)))
        };
        let mut buried: Vec<_> = self
            .table()
            .rows
            .values()
            .filter_map(DeliverySlot::buried)
            .collect();
        buried.sort_by(|one, other| {
            order(
                other.buried_at,
                &other.envelope_id,
                one.buried_at,
                &one.envelope_id,
            )
        });
        if let Some(after) = after {
            buried.retain(|one| {
                order(
                    one.buried_at,
                    &one.envelope_id,
                    after.buried_at,
                    &after.envelope_id,
                ) == Ordering::Less
            });
        }
        buried.truncate(limit);
        let buried: Vec<_> = buried.into_iter().map(|one| self.shown(one)).collect();
        kept.buried = Some(buried.clone());
        Ok(buried)
    }

    async fn expunge(&self, before: Timestamp) -> Result<u64, StoreError> {
        let ids: Vec<EnvelopeId> = self
            .table()
            .rows
            .values()
            .map(|row| row.envelope_id().clone())
            .collect();
        let mut count = 0;
        for id in ids {
            let expunged = self.change(Call::Expunge, &id, |row| row.expunge(before)).await;
            count += u64::from(expunged == Some(true));
        }
        Ok(count)
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut kept = self.kept.lock().unwrap();
        if let (EngineFault::Stale(Read::NextDue), Some(next_due)) = (self.fault, kept.next_due) {
            return Ok(next_due);
        }
        let next_due = self
            .table()
            .heads(self.fault)
            .into_iter()
            .map(|row| row.at())
            .min();
        kept.next_due = Some(next_due);
        Ok(next_due)
    }

    async fn state(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryState>, StoreError> {
        let id = envelope_id.as_str();
        let mut kept = self.kept.lock().unwrap();
        if let (EngineFault::Stale(Read::State), Some(state)) = (self.fault, kept.states.get(id)) {
            return Ok(*state);
        }
        let table = self.table();
        let alike = table.rows.values().find(|row| {
            self.fault == EngineFault::WithoutCase(Call::State)
                && row.envelope_id().as_str().to_lowercase() == id.to_lowercase()
        });
        let state = alike.or_else(|| table.rows.get(id)).map(DeliverySlot::state);
        kept.states.insert(id.to_owned(), state);
        Ok(state)
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        *self.kept.lock().unwrap() = Kept::default();
        let rows = &mut self.table().rows;
        let count = rows.len();
        rows.retain(|_, row| row.state() != DeliveryState::Done || row.at() >= before);
        Ok((count - rows.len()) as u64)
    }
}
