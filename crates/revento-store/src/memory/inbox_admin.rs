//! [`InboxAdmin`] in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use revento_core::{EnvelopeId, EventType, Timestamp};

use super::{
    inbox::{MemoryInbox, Table},
    lock,
};
use crate::{
    DeliveryDetails, DeliverySlot, DeliveryState, InboxAdmin, InboxStats, SealedDelivery, StoreError,
    TypeFailures,
};

impl Table {
    fn stats(&self, now: Timestamp, done_since: Timestamp) -> InboxStats {
        let mut stats = InboxStats::default();
        let mut failures: BTreeMap<String, TypeFailures> = BTreeMap::new();
        for row in self.rows.values() {
            let event_type = row.event_type();
            match row.state() {
                DeliveryState::Queued => {
                    *(if row.at() <= now {
                        &mut stats.due
                    } else {
                        &mut stats.later
                    }) += 1;
                    if row.attempts() > 0 {
                        of_type(&mut failures, event_type).retrying += 1;
                    }
                }
                DeliveryState::Leased => {
                    *(if row.at() <= now {
                        &mut stats.lapsed
                    } else {
                        &mut stats.leased
                    }) += 1;
                }
                DeliveryState::Done => {
                    stats.done += 1;
                    stats.done_since += u64::from(row.at() >= done_since);
                }
                DeliveryState::Buried => {
                    stats.buried += 1;
                    of_type(&mut failures, event_type).buried += 1;
                }
            }
        }
        let waiting = self.rows.values().filter(|row| row.waits());
        stats.oldest_received_at = waiting.map(|row| row.received_at()).min();
        stats.failures = failures.into_values().collect();
        stats
    }

    fn is_behind(&self, row: &DeliverySlot) -> bool {
        let key = row.ordering_key();
        let in_front = |other: &&DeliverySlot| {
            other.waits() && other.ordering_key() == key && other.arrival() < row.arrival()
        };
        row.waits() && !key.is_empty() && self.rows.values().any(|other| in_front(&other))
    }
}

fn of_type<'a>(
    failures: &'a mut BTreeMap<String, TypeFailures>,
    event_type: &EventType,
) -> &'a mut TypeFailures {
    let none = || TypeFailures {
        event_type: event_type.clone(),
        retrying: 0,
        buried: 0,
    };
    failures
        .entry(event_type.as_str().to_owned())
        .or_insert_with(none)
}

#[async_trait]
impl InboxAdmin for MemoryInbox {
    async fn stats(&self, now: Timestamp, done_since: Timestamp) -> Result<InboxStats, StoreError> {
        Ok(lock(&self.0).stats(now, done_since))
    }

    async fn details(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryDetails>, StoreError> {
        let table = lock(&self.0);
        let row = table.rows.get(envelope_id);
        Ok(row.map(|row| row.details(table.is_behind(row))))
    }

    async fn sealed(
        &self,
        after: Option<&EnvelopeId>,
        limit: usize,
    ) -> Result<Vec<SealedDelivery>, StoreError> {
        let table = lock(&self.0);
        let behind = table
            .rows
            .iter()
            .filter(|(id, _)| after.is_none_or(|after| *id > after));
        Ok(behind.filter_map(|(_, row)| row.sealed()).take(limit).collect())
    }

    async fn reseal(&self, current: &SealedDelivery, next: &SealedDelivery) -> Result<bool, StoreError> {
        let mut table = lock(&self.0);
        let row = table.rows.get_mut(&current.envelope_id);
        Ok(row.is_some_and(|row| row.reseal(current, next)))
    }
}
