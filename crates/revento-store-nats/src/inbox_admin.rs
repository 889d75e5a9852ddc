//! [`InboxAdmin`] on a stream.

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};
use revento_store::{DeliveryDetails, InboxAdmin, InboxStats, SealedDelivery, StoreError};

use crate::{
    NatsStore,
    failure::Failure,
    inbox::{BATCH, read},
    names::token,
    pages::load_all,
};

/// How often the index is compared with a stream that changes meanwhile.
const MAX_COMPARISONS: usize = 10;

impl NatsStore {
    /// Counts in the index. What another replica has forgotten is still there: then the stream has fewer messages, and the index is
    /// read anew.
    async fn count(&self, now: Timestamp, done_since: Timestamp) -> Result<InboxStats, Failure> {
        let inbox = &self.inner.inbox;
        for _ in 0..MAX_COMPARISONS {
            inbox.catch_up().await?;
            let info = inbox.stream.info().await?;
            let stats = inbox.follower.with_position(|index, position| {
                let is_same = u64::try_from(index.count()) == Ok(info.messages);
                (position == info.last).then(|| is_same.then(|| index.stats(now, done_since)))
            });
            match stats {
                Some(Some(stats)) => return Ok(stats),
                Some(None) => inbox.follower.reset(),
                None => {}
            }
        }
        Ok(inbox.follower.with(|index| index.stats(now, done_since)))
    }

    async fn load_details(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryDetails>, Failure> {
        let (inbox, token) = (&self.inner.inbox, token(envelope_id.as_str()));
        inbox.catch_up().await?;
        let Some((_, slot)) = self.load_delivery(&token).await? else {
            return Ok(None);
        };
        let is_behind = slot.waits() && inbox.follower.with(|index| index.is_behind(&token));
        Ok(Some(slot.details(is_behind)))
    }

    async fn list_sealed(
        &self,
        after: Option<&EnvelopeId>,
        limit: usize,
    ) -> Result<Vec<SealedDelivery>, Failure> {
        let inbox = &self.inner.inbox;
        let mut found = Vec::new();
        let mut after = after.map(|id| id.as_str().to_owned());
        inbox.catch_up().await?;
        while found.len() < limit {
            let count = (limit - found.len()).min(BATCH);
            let places = inbox
                .follower
                .with(|index| index.with_body(after.as_deref(), count));
            let messages = load_all(&inbox.stream, places.iter().map(|place| &*place.token)).await?;
            for message in messages.into_iter().flatten() {
                inbox.follower.saw(&message)?;
                found.extend(read(&message)?.sealed());
            }
            if places.len() < count {
                break;
            }
            after = places.last().map(|place| place.id.to_string());
        }
        Ok(found)
    }
}

#[async_trait]
impl InboxAdmin for NatsStore {
    async fn stats(&self, now: Timestamp, done_since: Timestamp) -> Result<InboxStats, StoreError> {
        self.count(now, done_since)
            .await
            .map_err(|failure| failure.at("counting deliveries"))
    }

    async fn details(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryDetails>, StoreError> {
        self.load_details(envelope_id)
            .await
            .map_err(|failure| failure.at("loading a delivery"))
    }

    async fn sealed(
        &self,
        after: Option<&EnvelopeId>,
        limit: usize,
    ) -> Result<Vec<SealedDelivery>, StoreError> {
        self.list_sealed(after, limit)
            .await
            .map_err(|failure| failure.at("listing sealed deliveries"))
    }

    async fn reseal(&self, current: &SealedDelivery, next: &SealedDelivery) -> Result<bool, StoreError> {
        let changed = self.change_delivery(&current.envelope_id, |slot| slot.reseal(current, next));
        let had = changed
            .await
            .map_err(|failure| failure.at("sealing a delivery again"))?;
        Ok(had.unwrap_or_default())
    }
}
