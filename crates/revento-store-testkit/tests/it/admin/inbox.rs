//! An in-memory inbox with one fault in what it tells operators.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

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
    DetailsWithoutCase,
    TypesWithoutCase,
    ErrorsAreCut,
    ResealWithoutCase,
    BytesWithoutCase,
    SameBytesAreRefused,
    SealedAreCapped,
    OldestFrom1970,
    StaleDetails,
    StaleStats,
    StaleSealed,
}

/// What a handle has read first, and still shows.
#[derive(Debug, Default)]
struct Kept {
    details: Option<Option<DeliveryDetails>>,
    stats: Option<InboxStats>,
    sealed: Option<Vec<SealedDelivery>>,
}

#[derive(Debug)]
pub(super) struct FaultyInbox {
    fault: Fault,
    inner: Arc<MemoryInbox>,
    kept: Mutex<Kept>,
    /// The leases that a reseal has ended.
    ended: Mutex<Vec<EnvelopeId>>,
}

impl FaultyInbox {
    pub(super) fn new(fault: Fault) -> Self {
        Self {
            fault,
            inner: Arc::default(),
            kept: Mutex::default(),
            ended: Mutex::default(),
        }
    }

    /// Another handle to the same deliveries.
    pub(super) fn replica(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            ..Self::new(self.fault)
        }
    }

    /// The stored delivery whose id differs in case.
    async fn alike(&self, id: &EnvelopeId) -> Option<EnvelopeId> {
        let all = self.inner.sealed(None, usize::MAX).await.unwrap();
        let is_alike =
            |other: &EnvelopeId| other != id && other.as_str().to_lowercase() == id.as_str().to_lowercase();
        all.into_iter().map(|sealed| sealed.envelope_id).find(is_alike)
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
            Fault::OldestFrom1970 => {
                stats.oldest_received_at = stats.oldest_received_at.map(|at| at.max(Timestamp::UNIX_EPOCH));
            }
            Fault::TypesWithoutCase => {
                let mut seen = BTreeSet::new();
                let failures = &mut stats.failures;
                failures.retain(|failures| seen.insert(failures.event_type.as_str().to_lowercase()));
            }
            Fault::StaleStats => return Ok(self.kept.lock().unwrap().stats.get_or_insert(stats).clone()),
            _ => {}
        }
        Ok(stats)
    }

    async fn details(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryDetails>, StoreError> {
        let alike = self.alike(envelope_id).await;
        let id = alike.filter(|_| self.fault == Fault::DetailsWithoutCase);
        let details = self.inner.details(id.as_ref().unwrap_or(envelope_id)).await?;
        Ok(match (self.fault, details) {
            (Fault::StaleDetails, details) => {
                self.kept.lock().unwrap().details.get_or_insert(details).clone()
            }
            (Fault::ErrorsAreCut, Some(details)) => Some(DeliveryDetails {
                error: details.error.chars().take(255).collect(),
                ..details
            }),
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
        let limit = if self.fault == Fault::SealedAreCapped {
            limit.min(1000)
        } else {
            limit
        };
        let listed = all
            .into_iter()
            .filter(|sealed| matches(sealed) && is_listed(sealed));
        let listed: Vec<_> = listed.take(limit).collect();
        if self.fault == Fault::StaleSealed {
            return Ok(self.kept.lock().unwrap().sealed.get_or_insert(listed).clone());
        }
        Ok(listed)
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
            Fault::SameBytesAreRefused if current == next => Ok(false),
            Fault::ResealWithoutCase => {
                let resealed = self.inner.reseal(current, next).await?;
                let alike = self.alike(&current.envelope_id).await;
                if let (true, Some(id)) = (resealed, alike) {
                    let other = self.stored(&id).await.unwrap();
                    let next = SealedDelivery {
                        body: next.body.clone(),
                        ..other.clone()
                    };
                    self.inner.reseal(&other, &next).await?;
                }
                Ok(resealed)
            }
            Fault::BytesWithoutCase => match stored {
                Some(stored)
                    if stored
                        .body
                        .as_bytes()
                        .eq_ignore_ascii_case(current.body.as_bytes()) =>
                {
                    self.inner.reseal(&stored, next).await
                }
                _ => self.inner.reseal(current, next).await,
            },
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
