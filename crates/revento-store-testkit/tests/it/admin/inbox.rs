//! An in-memory inbox with one fault in what it tells operators.

use std::{sync::Mutex, time::Duration};

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};
use revento_store::{
    BuriedCursor, BuriedDelivery, DeliveryDetails, DeliveryState, InboxAdmin, InboxStats, InboxStore,
    InsertOutcome, Lease, LeasedDelivery, NewDelivery, RequeueAttempts, RequeueOutcome, SealedDelivery,
    StoreError, memory::MemoryInbox,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    BehindIsNotDue,
    LapsedIsLeased,
    DoneForEver,
    OldestIsDone,
    BuriedRetries,
    UnknownHasDetails,
    BodyForEver,
    BehindForEver,
    PagesOverlap,
    FailedUnlisted,
    ErrorUnchecked,
    AlwaysReplaced,
    ResealEndsLeases,
    ResealInTwoSteps,
}

#[derive(Debug)]
pub(super) struct FaultyInbox {
    fault: Fault,
    inner: MemoryInbox,
    /// The leases that a reseal has ended.
    ended: Mutex<Vec<EnvelopeId>>,
}

impl FaultyInbox {
    pub(super) fn new(fault: Fault) -> Self {
        Self {
            fault,
            inner: MemoryInbox::new(),
            ended: Mutex::default(),
        }
    }

    fn is_ended(&self, lease: &Lease) -> bool {
        self.ended.lock().unwrap().contains(&lease.envelope_id)
    }

    async fn stored(&self, id: &EnvelopeId) -> Option<SealedDelivery> {
        let all = self.inner.sealed(None, usize::MAX).await.unwrap();
        all.into_iter().find(|sealed| sealed.envelope_id == *id)
    }
}

#[async_trait]
impl InboxStore for FaultyInbox {
    async fn insert(&self, delivery: &NewDelivery) -> Result<InsertOutcome, StoreError> {
        self.inner.insert(delivery).await
    }

    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<LeasedDelivery>, StoreError> {
        self.inner.lease(now, until, limit).await
    }

    async fn complete(&self, lease: &Lease, now: Timestamp) -> Result<bool, StoreError> {
        self.inner.complete(lease, now).await
    }

    async fn retry(&self, lease: &Lease, at: Timestamp, error: &str) -> Result<bool, StoreError> {
        if self.is_ended(lease) {
            return Ok(false);
        }
        self.inner.retry(lease, at, error).await
    }

    async fn bury(&self, lease: &Lease, now: Timestamp, error: &str) -> Result<bool, StoreError> {
        self.inner.bury(lease, now, error).await
    }

    async fn requeue(
        &self,
        envelope_id: &EnvelopeId,
        now: Timestamp,
        attempts: RequeueAttempts,
    ) -> Result<RequeueOutcome, StoreError> {
        self.inner.requeue(envelope_id, now, attempts).await
    }

    async fn buried(
        &self,
        after: Option<&BuriedCursor>,
        limit: usize,
    ) -> Result<Vec<BuriedDelivery>, StoreError> {
        self.inner.buried(after, limit).await
    }

    async fn expunge(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.inner.expunge(before).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.inner.next_due().await
    }

    async fn state(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryState>, StoreError> {
        self.inner.state(envelope_id).await
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.inner.forget(before).await
    }
}

#[async_trait]
impl InboxAdmin for FaultyInbox {
    async fn stats(&self, now: Timestamp, done_since: Timestamp) -> Result<InboxStats, StoreError> {
        let mut stats = self.inner.stats(now, done_since).await?;
        match self.fault {
            Fault::BehindIsNotDue => stats.due = stats.due.saturating_sub(1),
            Fault::LapsedIsLeased => stats.leased += std::mem::take(&mut stats.lapsed),
            Fault::DoneForEver => stats.done_since = stats.done,
            Fault::OldestIsDone if stats.done > 0 => {
                stats.oldest_received_at = stats
                    .oldest_received_at
                    .map(|at| at.saturating_sub(Duration::from_secs(60)));
            }
            Fault::BuriedRetries => {
                for failures in &mut stats.failures {
                    failures.retrying += std::mem::take(&mut failures.buried);
                }
            }
            _ => {}
        }
        Ok(stats)
    }

    async fn details(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryDetails>, StoreError> {
        let details = self.inner.details(envelope_id).await?;
        Ok(match (self.fault, details) {
            (Fault::UnknownHasDetails, None) => Some(DeliveryDetails {
                envelope_id: envelope_id.clone(),
                delivery_id: "".into(),
                event_type: "".into(),
                state: DeliveryState::Done,
                at: Timestamp::UNIX_EPOCH,
                occurred_at: Timestamp::UNIX_EPOCH,
                received_at: Timestamp::UNIX_EPOCH,
                attempts: 0,
                single_attempt: false,
                is_behind: false,
                has_body: false,
                error: String::new(),
            }),
            (Fault::BodyForEver, Some(details)) => Some(DeliveryDetails {
                has_body: true,
                ..details
            }),
            (Fault::BehindForEver, Some(details)) => Some(DeliveryDetails {
                is_behind: details.envelope_id.as_str() == "env_2",
                ..details
            }),
            (_, details) => details,
        })
    }

    async fn sealed(
        &self,
        after: Option<&EnvelopeId>,
        limit: usize,
    ) -> Result<Vec<SealedDelivery>, StoreError> {
        let all = self.inner.sealed(None, usize::MAX).await?;
        let matches = |sealed: &SealedDelivery| match self.fault {
            Fault::PagesOverlap => after.is_none_or(|after| sealed.envelope_id >= *after),
            _ => after.is_none_or(|after| sealed.envelope_id > *after),
        };
        let is_listed =
            |sealed: &SealedDelivery| self.fault != Fault::FailedUnlisted || sealed.error.is_empty();
        Ok(all
            .into_iter()
            .filter(|sealed| matches(sealed) && is_listed(sealed))
            .take(limit)
            .collect())
    }

    async fn reseal(&self, current: &SealedDelivery, next: &SealedDelivery) -> Result<bool, StoreError> {
        let stored = self.stored(&current.envelope_id).await;
        match self.fault {
            Fault::ErrorUnchecked => {
                let error = stored.map(|stored| stored.error).unwrap_or_default();
                let current = SealedDelivery {
                    error,
                    ..current.clone()
                };
                self.inner.reseal(&current, next).await
            }
            Fault::AlwaysReplaced => match stored {
                Some(stored) => self.inner.reseal(&stored, next).await,
                None => Ok(false),
            },
            Fault::ResealEndsLeases => {
                self.ended.lock().unwrap().push(current.envelope_id.clone());
                self.inner.reseal(current, next).await
            }
            Fault::ResealInTwoSteps => {
                if stored.as_ref() != Some(current) {
                    return Ok(false);
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
                let latest = self.stored(&current.envelope_id).await;
                self.inner.reseal(&latest.unwrap(), next).await?;
                Ok(true)
            }
            _ => self.inner.reseal(current, next).await,
        }
    }
}
