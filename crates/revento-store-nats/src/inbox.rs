//! [`InboxStore`] on a stream: each message is a [`DeliverySlot`].
//!
//! Of the deliveries of one ordering key only the first in the order of arrival can be leased. The order is that of the messages that have
//! queued them, so what comes later is always behind: a delivery that is in front stays there until it is done or buried. That is why
//! it is enough that a lease replaces the message that the index knows.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use revento_core::{EnvelopeId, Timestamp};
use revento_store::{
    BuriedCursor, BuriedDelivery, DeliverySlot, DeliveryState, InboxStore, InsertOutcome, Lease,
    LeasedDelivery, NewDelivery, RequeueAttempts, RequeueOutcome, StoreError,
};

use crate::{
    NatsStore,
    failure::{Contended, Failure},
    inbox_index::Entry,
    names::token,
    pages::{AT_ONCE, MAX_ROUNDS, load_all},
    stream::Message,
};

/// How often one call tries to lease a delivery that another replica changes at the same time.
const MAX_TRIES: u32 = 3;

/// How many deliveries are loaded, changed or deleted for one call at once.
pub(crate) const BATCH: usize = 500;

/// Decodes a delivery, which has arrived with its message if it has no place yet.
pub(crate) fn read(message: &Message) -> Result<DeliverySlot, Failure> {
    let mut slot = DeliverySlot::from_bytes(&message.payload)?;
    slot.arrived(message.seq.cast_signed());
    Ok(slot)
}

impl NatsStore {
    /// Replaces a delivery if it is still the message `seq`.
    async fn put_delivery(&self, token: &str, seq: u64, slot: &DeliverySlot) -> Result<Option<u64>, Failure> {
        self.inner.inbox.put(token, seq, slot.to_bytes()).await
    }

    pub(crate) async fn load_delivery(&self, token: &str) -> Result<Option<(u64, DeliverySlot)>, Failure> {
        match self.inner.inbox.stream.get(token).await? {
            Some(message) => Ok(Some((message.seq, read(&message)?))),
            None => Ok(None),
        }
    }

    /// Changes a delivery until no other writer came in between; `None` if it is not known. `change` may be called several times.
    pub(crate) async fn change_delivery<R>(
        &self,
        envelope_id: &EnvelopeId,
        change: impl Fn(&mut DeliverySlot) -> R,
    ) -> Result<Option<R>, Failure> {
        self.change_at(&token(envelope_id.as_str()), change).await
    }

    /// The same for the delivery with this token.
    async fn change_at<R>(
        &self,
        token: &str,
        change: impl Fn(&mut DeliverySlot) -> R,
    ) -> Result<Option<R>, Failure> {
        for _ in 0..MAX_ROUNDS {
            let Some((seq, before)) = self.load_delivery(token).await? else {
                return Ok(None);
            };
            let mut slot = before.clone();
            let answer = change(&mut slot);
            if slot == before || self.put_delivery(token, seq, &slot).await?.is_some() {
                return Ok(Some(answer));
            }
            tokio::task::yield_now().await;
        }
        Err(Failure::unavailable(Contended).of_a_write())
    }

    async fn insert_one(&self, delivery: &NewDelivery) -> Result<InsertOutcome, Failure> {
        let token = token(delivery.envelope_id.as_str());
        let new = DeliverySlot::new(delivery.clone());
        for _ in 0..MAX_ROUNDS {
            if let Some(seq) = self.put_delivery(&token, 0, &new).await? {
                // A failure means that the answer is not known: the platform sends the delivery again.
                let reused = self.is_reused(&token, seq).await;
                let delivery_id_reused = reused.map_err(Failure::of_a_write)?;
                return Ok(InsertOutcome::New { delivery_id_reused });
            }
            let changed = self
                .change_delivery(&delivery.envelope_id, |slot| slot.insert(delivery))
                .await?;
            if let Some(outcome) = changed {
                return Ok(outcome);
            }
            // It was forgotten in between, or the other insert is still on its way through the cluster.
            tokio::task::yield_now().await;
        }
        Err(Failure::unavailable(Contended).of_a_write())
    }

    /// Whether the delivery id of a new delivery is that of another one. The index may know some that are forgotten.
    async fn is_reused(&self, token: &str, seq: u64) -> Result<bool, Failure> {
        let inbox = &self.inner.inbox;
        inbox.follower.catch_up_to(&inbox.stream, seq).await?;
        for other in inbox.follower.with(|index| index.same_delivery_id(token)) {
            if inbox.stream.get(&other.token).await?.is_some() {
                return Ok(true);
            }
            inbox.follower.with(|index| index.remove(&other.token, other.seq));
        }
        Ok(false)
    }

    async fn lease_many(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<LeasedDelivery>, Failure> {
        let inbox = &self.inner.inbox;
        // The calls of one process take turns: side by side they would try to lease the same deliveries.
        let _turn = self.inner.leasing.lock().await;
        let (mut leased, mut tried) = (BTreeMap::new(), BTreeMap::new());
        for _ in 0..MAX_ROUNDS {
            if leased.len() >= limit {
                break;
            }
            inbox.catch_up().await?;
            let count = (limit - leased.len()).min(BATCH);
            let mut due = inbox
                .follower
                .with_position(|index, position| index.due(now, position, count + tried.len()));
            // One that cannot be leased must not hold up the others.
            due.retain(|entry| tried.get(&entry.token).is_none_or(|tries| *tries < MAX_TRIES));
            due.truncate(count);
            let is_last = due.len() < count;
            let leases: Vec<_> = due
                .iter()
                .map(|entry| self.lease_one(entry, now, until))
                .collect();
            let answers: Vec<_> = stream::iter(leases).buffered(AT_ONCE).try_collect().await?;
            // Another replica was faster with the others: what it has left behind is read before the next round.
            let all_granted = answers.iter().all(Option::is_some);
            for (entry, granted) in due.iter().zip(answers) {
                let tries = tried.entry(entry.token.clone()).or_insert(0);
                *tries += 1;
                if let Some(delivery) = granted {
                    *tries = MAX_TRIES;
                    leased.insert((entry.at, entry.arrival), delivery);
                }
            }
            if is_last && all_granted {
                break;
            }
        }
        Ok(leased.into_values().collect())
    }

    /// Leases a delivery if it is still as the index knows it.
    async fn lease_one(
        &self,
        entry: &Entry,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<LeasedDelivery>, Failure> {
        let inbox = &self.inner.inbox;
        let Some(message) = inbox.stream.get(&entry.token).await? else {
            inbox.follower.with(|index| index.remove(&entry.token, entry.seq));
            return Ok(None);
        };
        if message.seq != entry.seq {
            inbox.follower.saw(&message)?;
            return Ok(None);
        }
        let mut slot = read(&message)?;
        let Some(leased) = slot.lease(message.seq.cast_signed(), now, until) else {
            return Ok(None);
        };
        let stored = self.put_delivery(&entry.token, message.seq, &slot).await?;
        Ok(stored.map(|_| leased))
    }

    async fn list_buried(
        &self,
        after: Option<&BuriedCursor>,
        limit: usize,
    ) -> Result<Vec<BuriedDelivery>, Failure> {
        let inbox = &self.inner.inbox;
        let mut found = Vec::new();
        let mut after = after.cloned();
        inbox.catch_up().await?;
        while found.len() < limit {
            let count = (limit - found.len()).min(BATCH);
            let places = inbox.follower.with(|index| index.buried(after.as_ref(), count));
            let messages = load_all(&inbox.stream, places.iter().map(|place| &*place.token)).await?;
            for (place, message) in places.iter().zip(messages) {
                let Some(message) = message else {
                    inbox.follower.with(|index| index.remove(&place.token, place.seq));
                    continue;
                };
                inbox.follower.saw(&message)?;
                let buried = read(&message)?.buried();
                found.extend(buried.filter(|buried| buried.buried_at == place.at));
            }
            if places.len() < count {
                break;
            }
            after = places.last().map(|place| BuriedCursor {
                buried_at: place.at,
                envelope_id: (*place.id).into(),
            });
        }
        Ok(found)
    }

    async fn expunge_all(&self, before: Timestamp) -> Result<u64, Failure> {
        let inbox = &self.inner.inbox;
        inbox.catch_up().await?;
        let mut count = 0;
        for entry in inbox.follower.with(|index| index.buried_before(before)) {
            let expunged = self.change_at(&entry.token, |slot| slot.expunge(before)).await?;
            count += u64::from(expunged == Some(true));
        }
        Ok(count)
    }

    /// Deletes messages of done deliveries. Nothing else changes such a message, so it is deleted as it was read.
    async fn forget_all(&self, before: Timestamp) -> Result<u64, Failure> {
        let inbox = &self.inner.inbox;
        inbox.catch_up().await?;
        let mut count = 0;
        loop {
            let done = inbox.follower.with(|index| index.done_before(before, BATCH));
            if done.is_empty() {
                return Ok(count);
            }
            let deletions: Vec<_> = done.iter().map(|entry| inbox.stream.delete(entry.seq)).collect();
            let deleted: Vec<bool> = stream::iter(deletions).buffered(AT_ONCE).try_collect().await?;
            count += deleted.iter().map(|was_there| u64::from(*was_there)).sum::<u64>();
            for entry in done {
                inbox.follower.with(|index| index.remove(&entry.token, entry.seq));
            }
        }
    }
}

#[async_trait]
impl InboxStore for NatsStore {
    async fn insert(&self, delivery: &NewDelivery) -> Result<InsertOutcome, StoreError> {
        self.insert_one(delivery)
            .await
            .map_err(|failure| failure.at("storing a delivery"))
    }

    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<LeasedDelivery>, StoreError> {
        self.lease_many(now, until, limit)
            .await
            .map_err(|failure| failure.of_a_write().at("leasing deliveries"))
    }

    async fn complete(&self, lease: &Lease, now: Timestamp) -> Result<bool, StoreError> {
        let changed = self.change_delivery(&lease.envelope_id, |slot| slot.complete(lease, now));
        let held = changed
            .await
            .map_err(|failure| failure.at("completing a delivery"))?;
        Ok(held.unwrap_or_default())
    }

    async fn retry(&self, lease: &Lease, at: Timestamp, error: &str) -> Result<bool, StoreError> {
        let changed = self.change_delivery(&lease.envelope_id, |slot| slot.retry(lease, at, error));
        let held = changed
            .await
            .map_err(|failure| failure.at("queueing a delivery again"))?;
        Ok(held.unwrap_or_default())
    }

    async fn bury(&self, lease: &Lease, now: Timestamp, error: &str) -> Result<bool, StoreError> {
        let changed = self.change_delivery(&lease.envelope_id, |slot| slot.bury(lease, now, error));
        let held = changed
            .await
            .map_err(|failure| failure.at("burying a delivery"))?;
        Ok(held.unwrap_or_default())
    }

    async fn requeue(
        &self,
        envelope_id: &EnvelopeId,
        now: Timestamp,
        attempts: RequeueAttempts,
    ) -> Result<RequeueOutcome, StoreError> {
        let changed = self.change_delivery(envelope_id, |slot| slot.requeue(now, attempts));
        let outcome = changed
            .await
            .map_err(|failure| failure.at("requeueing a delivery"))?;
        Ok(outcome.unwrap_or(RequeueOutcome::NotBuried))
    }

    async fn buried(
        &self,
        after: Option<&BuriedCursor>,
        limit: usize,
    ) -> Result<Vec<BuriedDelivery>, StoreError> {
        self.list_buried(after, limit)
            .await
            .map_err(|failure| failure.at("listing buried deliveries"))
    }

    async fn expunge(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.expunge_all(before)
            .await
            .map_err(|failure| failure.of_a_write().at("deleting bodies"))
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let inbox = &self.inner.inbox;
        let caught_up = inbox.catch_up().await;
        caught_up.map_err(|failure| failure.at("asking when a delivery is due"))?;
        Ok(inbox.follower.with(|index| index.next_due()))
    }

    async fn state(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryState>, StoreError> {
        let loaded = self.load_delivery(&token(envelope_id.as_str())).await;
        let loaded = loaded.map_err(|failure| failure.at("asking for a delivery's state"))?;
        Ok(loaded.map(|(_, slot)| slot.state()))
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.forget_all(before)
            .await
            .map_err(|failure| failure.of_a_write().at("forgetting deliveries"))
    }
}
