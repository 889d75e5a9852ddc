//! [`DeletionStore`] on a stream: each message is a [`DeletionDuty`].

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};
use revento_store::{DeletionDuty, DeletionProof, DeletionStore, StoreError, columns::index_text};

use crate::{
    NatsStore,
    failure::{Contended, Failure},
    follower::Index,
    names::token,
    pages::{MAX_ROUNDS, load_all},
    stream::Message,
};

/// Which duties are open.
#[derive(Debug, Default)]
pub(crate) struct DutyIndex {
    known: HashMap<Arc<str>, Known>,
    /// By deadline and envelope id.
    open: BTreeSet<Place>,
}

type Place = (Timestamp, Arc<str>, Arc<str>);

#[derive(Debug)]
struct Known {
    seq: u64,
    open: Option<Place>,
}

impl Index for DutyIndex {
    fn apply(&mut self, message: &Message) -> Result<(), Failure> {
        let known = self.known.get(message.token.as_str());
        if known.is_some_and(|known| known.seq >= message.seq) {
            return Ok(());
        }
        let duty = DeletionDuty::from_bytes(&message.payload)?;
        let token: Arc<str> = message.token.as_str().into();
        let id = index_text(duty.envelope_id.as_str()).into();
        let open = duty.done.is_none().then(|| (duty.deadline_at, id, token.clone()));
        if let Some(place) = known.and_then(|known| known.open.clone()) {
            self.open.remove(&place);
        }
        self.open.extend(open.clone());
        let seq = message.seq;
        self.known.insert(token, Known { seq, open });
        Ok(())
    }
}

impl NatsStore {
    async fn load_duty(&self, token: &str) -> Result<Option<(u64, DeletionDuty)>, Failure> {
        match self.inner.deletions.stream.get(token).await? {
            Some(message) => Ok(Some((message.seq, DeletionDuty::from_bytes(&message.payload)?))),
            None => Ok(None),
        }
    }

    async fn put_duty(&self, seq: u64, duty: &DeletionDuty) -> Result<bool, Failure> {
        let token = token(duty.envelope_id.as_str());
        let stored = self.inner.deletions.put(&token, seq, duty.to_bytes()).await?;
        Ok(stored.is_some())
    }

    async fn record_duty(&self, duty: &DeletionDuty) -> Result<bool, Failure> {
        for _ in 0..MAX_ROUNDS {
            if self.put_duty(0, duty).await? {
                return Ok(true);
            }
            // The other record may still be on its way through the cluster, and may not arrive.
            let token = token(duty.envelope_id.as_str());
            if self.load_duty(&token).await?.is_some() {
                return Ok(false);
            }
            tokio::task::yield_now().await;
        }
        Err(Failure::unavailable(Contended).of_a_write())
    }

    /// Changes an open duty. `false` if it is done or not known.
    async fn change_duty(
        &self,
        envelope_id: &EnvelopeId,
        change: impl Fn(&mut DeletionDuty),
    ) -> Result<bool, Failure> {
        let token = token(envelope_id.as_str());
        for _ in 0..MAX_ROUNDS {
            let Some((seq, mut duty)) = self.load_duty(&token).await? else {
                return Ok(false);
            };
            if duty.done.is_some() {
                return Ok(false);
            }
            change(&mut duty);
            if self.put_duty(seq, &duty).await? {
                return Ok(true);
            }
            tokio::task::yield_now().await;
        }
        Err(Failure::unavailable(Contended).of_a_write())
    }

    async fn list_open(&self, limit: usize) -> Result<Vec<DeletionDuty>, Failure> {
        let deletions = &self.inner.deletions;
        deletions.catch_up().await?;
        let places: Vec<Place> = deletions
            .follower
            .with(|index| index.open.iter().take(limit).cloned().collect());
        let messages = load_all(&deletions.stream, places.iter().map(|(.., token)| &**token)).await?;
        let mut open = Vec::with_capacity(messages.len());
        for message in messages.into_iter().flatten() {
            let duty = DeletionDuty::from_bytes(&message.payload)?;
            open.extend(Some(duty).filter(|duty| duty.done.is_none()));
        }
        Ok(open)
    }
}

#[async_trait]
impl DeletionStore for NatsStore {
    async fn record(&self, duty: &DeletionDuty) -> Result<bool, StoreError> {
        self.record_duty(duty)
            .await
            .map_err(|failure| failure.at("recording a duty to delete"))
    }

    async fn duty(&self, envelope_id: &EnvelopeId) -> Result<Option<DeletionDuty>, StoreError> {
        let loaded = self.load_duty(&token(envelope_id.as_str())).await;
        let loaded = loaded.map_err(|failure| failure.at("loading a duty to delete"))?;
        Ok(loaded.map(|(_, duty)| duty))
    }

    async fn open_duties(&self, limit: usize) -> Result<Vec<DeletionDuty>, StoreError> {
        self.list_open(limit)
            .await
            .map_err(|failure| failure.at("listing duties to delete"))
    }

    async fn mark_reminded(&self, envelope_id: &EnvelopeId, at: Timestamp) -> Result<bool, StoreError> {
        self.change_duty(envelope_id, |duty| duty.reminded_at = Some(at))
            .await
            .map_err(|failure| failure.at("noting a reminder"))
    }

    async fn mark_deleted(
        &self,
        envelope_id: &EnvelopeId,
        proof: &DeletionProof,
    ) -> Result<bool, StoreError> {
        self.change_duty(envelope_id, |duty| duty.done = Some(proof.clone()))
            .await
            .map_err(|failure| failure.at("recording a deletion"))
    }
}
