//! Where the deliveries are: which are due, which wait behind another one, which are buried or done.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
    sync::Arc,
};

use revento_core::{EventType, Timestamp};
use revento_store::{
    BuriedCursor, DeliverySlot, DeliveryState, InboxStats, TypeFailures, columns::index_text,
};

use crate::{failure::Failure, follower::Index, names::short, stream::Message};

/// What the index keeps of a delivery.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) token: Arc<str>,
    /// The message that has the delivery.
    pub(crate) seq: u64,
    /// The envelope id, or a short form of a long one that sorts in the same way.
    pub(crate) id: Arc<str>,
    pub(crate) state: DeliveryState,
    pub(crate) at: Timestamp,
    /// The message that has queued it.
    pub(crate) arrival: u64,
    /// Its ordering key, if it has one.
    queue: Option<u128>,
    delivery_id: u128,
    event_type: EventType,
    received_at: Timestamp,
    has_failed: bool,
    has_body: bool,
}

impl Entry {
    fn waits(&self) -> bool {
        matches!(self.state, DeliveryState::Queued | DeliveryState::Leased)
    }

    fn head(&self) -> (Timestamp, u64, Arc<str>) {
        (self.at, self.arrival, self.token.clone())
    }

    fn place(&self) -> (u64, Arc<str>) {
        (self.arrival, self.token.clone())
    }

    /// The place among those that are buried or done.
    fn ended(&self) -> (Timestamp, Arc<str>, Arc<str>) {
        (self.at, self.id.clone(), self.token.clone())
    }

    fn of(message: &Message) -> Result<Self, Failure> {
        let mut slot = DeliverySlot::from_bytes(&message.payload)?;
        slot.arrived(message.seq.cast_signed());
        Ok(Self {
            token: message.token.as_str().into(),
            seq: message.seq,
            id: index_text(slot.envelope_id().as_str()).into(),
            state: slot.state(),
            at: slot.at(),
            arrival: slot.arrival().unwrap_or_default().cast_unsigned(),
            queue: Some(slot.ordering_key()).filter(|key| !key.is_empty()).map(short),
            delivery_id: short(slot.delivery_id().as_str()),
            event_type: slot.event_type().clone(),
            received_at: slot.received_at(),
            has_failed: slot.attempts() > 0,
            has_body: slot.has_body(),
        })
    }
}

#[derive(Debug, Default)]
pub(crate) struct InboxIndex {
    entries: HashMap<Arc<str>, Entry>,
    ids: BTreeMap<Arc<str>, Arc<str>>,
    /// What waits and has nothing in front of it: by time and arrival.
    heads: BTreeSet<(Timestamp, u64, Arc<str>)>,
    /// What waits with an ordering key, by arrival.
    queues: HashMap<u128, BTreeSet<(u64, Arc<str>)>>,
    buried: BTreeSet<(Timestamp, Arc<str>, Arc<str>)>,
    done: BTreeSet<(Timestamp, Arc<str>, Arc<str>)>,
    delivery_ids: HashMap<u128, BTreeSet<Arc<str>>>,
}

impl Index for InboxIndex {
    fn apply(&mut self, message: &Message) -> Result<(), Failure> {
        let known = self.entries.get(message.token.as_str());
        if known.is_none_or(|entry| entry.seq < message.seq) {
            let entry = Entry::of(message)?;
            self.take_out(&message.token);
            self.put_in(entry);
        }
        Ok(())
    }
}

impl InboxIndex {
    fn put_in(&mut self, entry: Entry) {
        let token = entry.token.clone();
        self.ids.insert(entry.id.clone(), token.clone());
        let same = self.delivery_ids.entry(entry.delivery_id).or_default();
        same.insert(token.clone());
        match entry.state {
            DeliveryState::Done => _ = self.done.insert(entry.ended()),
            DeliveryState::Buried => _ = self.buried.insert(entry.ended()),
            DeliveryState::Queued | DeliveryState::Leased => {}
        }
        let (waits, queue, place, head) = (entry.waits(), entry.queue, entry.place(), entry.head());
        self.entries.insert(token, entry);
        match queue {
            _ if !waits => {}
            None => _ = self.heads.insert(head),
            Some(queue) => self.change_queue(queue, |places| {
                places.insert(place);
            }),
        }
    }

    fn take_out(&mut self, token: &str) {
        let Some(entry) = self.entries.get(token).cloned() else {
            return;
        };
        match entry.queue {
            _ if !entry.waits() => {}
            None => _ = self.heads.remove(&entry.head()),
            Some(queue) => self.change_queue(queue, |places| {
                places.remove(&entry.place());
            }),
        }
        self.entries.remove(token);
        self.ids.remove(&entry.id);
        self.buried.remove(&entry.ended());
        self.done.remove(&entry.ended());
        if let Some(same) = self.delivery_ids.get_mut(&entry.delivery_id) {
            same.remove(token);
            if same.is_empty() {
                self.delivery_ids.remove(&entry.delivery_id);
            }
        }
    }

    /// Changes a queue, and puts its new front among the heads. Every entry of the queue is among the entries meanwhile.
    fn change_queue(&mut self, queue: u128, change: impl FnOnce(&mut BTreeSet<(u64, Arc<str>)>)) {
        let places = self.queues.entry(queue).or_default();
        let before = places.first().map(|(_, token)| token.clone());
        change(places);
        let after = places.first().map(|(_, token)| token.clone());
        if after.is_none() {
            self.queues.remove(&queue);
        }
        if let Some(entry) = before.and_then(|token| self.entries.get(&token)) {
            self.heads.remove(&entry.head());
        }
        if let Some(entry) = after.and_then(|token| self.entries.get(&token)) {
            self.heads.insert(entry.head());
        }
    }

    /// Forgets a delivery that is gone.
    pub(crate) fn remove(&mut self, token: &str, seq: u64) {
        if self.entries.get(token).is_some_and(|entry| entry.seq <= seq) {
            self.take_out(token);
        }
    }

    /// What can be leased, in this order. What arrived behind `position` may have something in front of it that is not known yet.
    pub(crate) fn due(&self, now: Timestamp, position: u64, count: usize) -> Vec<Entry> {
        self.heads
            .iter()
            .take_while(|(at, ..)| *at <= now)
            .filter(|(_, arrival, _)| *arrival <= position)
            .filter_map(|(.., token)| self.entries.get(token).cloned())
            .take(count)
            .collect()
    }

    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.heads.first().map(|(at, ..)| *at)
    }

    /// Other deliveries with the same delivery id.
    pub(crate) fn same_delivery_id(&self, token: &str) -> Vec<Entry> {
        let same = self
            .entries
            .get(token)
            .and_then(|entry| self.delivery_ids.get(&entry.delivery_id));
        same.into_iter()
            .flatten()
            .filter(|other| ***other != *token)
            .filter_map(|other| self.entries.get(other).cloned())
            .collect()
    }

    /// Buried deliveries behind a place, the last buried first.
    pub(crate) fn buried(&self, after: Option<&BuriedCursor>, count: usize) -> Vec<Entry> {
        let end = match after {
            Some(after) => {
                let id = index_text(after.envelope_id.as_str());
                Bound::Excluded((after.buried_at, id.into(), Arc::default()))
            }
            None => Bound::Unbounded,
        };
        self.buried
            .range((Bound::Unbounded, end))
            .rev()
            .filter_map(|(.., token)| self.entries.get(token).cloned())
            .take(count)
            .collect()
    }

    pub(crate) fn buried_before(&self, before: Timestamp) -> Vec<Entry> {
        self.ended_before(&self.buried, before)
            .filter(|entry| entry.has_body)
            .cloned()
            .collect()
    }

    pub(crate) fn done_before(&self, before: Timestamp, count: usize) -> Vec<Entry> {
        let done = self.ended_before(&self.done, before);
        done.take(count).cloned().collect()
    }

    fn ended_before<'a>(
        &'a self,
        ended: &'a BTreeSet<(Timestamp, Arc<str>, Arc<str>)>,
        before: Timestamp,
    ) -> impl Iterator<Item = &'a Entry> {
        ended
            .iter()
            .take_while(move |(at, ..)| *at < before)
            .filter_map(|(.., token)| self.entries.get(token))
    }

    /// Deliveries that have a body, behind an envelope id.
    pub(crate) fn with_body(&self, after: Option<&str>, count: usize) -> Vec<Entry> {
        let after = after.map(index_text);
        let from = after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        self.ids
            .range::<str, _>((from, Bound::Unbounded))
            .filter_map(|(_, token)| self.entries.get(token))
            .filter(|entry| entry.has_body)
            .take(count)
            .cloned()
            .collect()
    }

    /// Whether a delivery waits behind another one.
    pub(crate) fn is_behind(&self, token: &str) -> bool {
        let entry = self.entries.get(token).filter(|entry| entry.waits());
        entry.is_some_and(|entry| entry.queue.is_some() && !self.heads.contains(&entry.head()))
    }

    pub(crate) fn count(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn stats(&self, now: Timestamp, done_since: Timestamp) -> InboxStats {
        let mut stats = InboxStats::default();
        let mut failures: BTreeMap<&str, TypeFailures> = BTreeMap::new();
        for entry in self.entries.values() {
            let is_past = entry.at <= now;
            let counter = match entry.state {
                DeliveryState::Queued if is_past => &mut stats.due,
                DeliveryState::Queued => &mut stats.later,
                DeliveryState::Leased if is_past => &mut stats.lapsed,
                DeliveryState::Leased => &mut stats.leased,
                DeliveryState::Buried => &mut stats.buried,
                DeliveryState::Done => &mut stats.done,
            };
            *counter += 1;
            stats.done_since += u64::from(entry.state == DeliveryState::Done && entry.at >= done_since);
            if entry.waits() {
                let oldest = stats.oldest_received_at.get_or_insert(entry.received_at);
                *oldest = entry.received_at.min(*oldest);
            }
            let is_retrying = entry.state == DeliveryState::Queued && entry.has_failed;
            let is_buried = entry.state == DeliveryState::Buried;
            if is_retrying || is_buried {
                let of_type = failures.entry(entry.event_type.as_str());
                let of_type = of_type.or_insert_with(|| TypeFailures {
                    event_type: entry.event_type.clone(),
                    retrying: 0,
                    buried: 0,
                });
                of_type.retrying += u64::from(is_retrying);
                of_type.buried += u64::from(is_buried);
            }
        }
        stats.failures = failures.into_values().collect();
        stats
    }
}

#[cfg(test)]
mod tests;
