//! A store that counts its calls, and fails or waits on demand.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};
use revento_store::{
    BuriedCursor, BuriedDelivery, DeliveryState, InboxStore, InsertOutcome, Lease, LeasedDelivery,
    NewDelivery, RequeueAttempts, RequeueOutcome, StoreError, StoreErrorReason,
};
use tokio::sync::watch;

/// A store that counts its calls, and fails or waits on demand.
#[derive(Debug)]
pub(crate) struct Observed {
    inner: Arc<dyn InboxStore>,
    pub(crate) leases: AtomicUsize,
    pub(crate) polls: AtomicUsize,
    /// How many queries succeed before all fail.
    pub(crate) leases_left: AtomicUsize,
    /// How many of the next completions fail.
    pub(crate) failing_completions: AtomicUsize,
    /// Of how many of the next failures the answer is lost: the store takes them, and returns an error.
    pub(crate) lost_answers: AtomicUsize,
    /// Inserts wait while this is set.
    pub(crate) stalled: watch::Sender<bool>,
    inserting: AtomicUsize,
    pub(crate) most_inserting: AtomicUsize,
}

impl Observed {
    pub(crate) fn new(inner: Arc<dyn InboxStore>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            leases: AtomicUsize::new(0),
            polls: AtomicUsize::new(0),
            leases_left: AtomicUsize::new(usize::MAX),
            failing_completions: AtomicUsize::new(0),
            lost_answers: AtomicUsize::new(0),
            stalled: watch::Sender::new(false),
            inserting: AtomicUsize::new(0),
            most_inserting: AtomicUsize::new(0),
        })
    }
}

/// Counts a call until it ends or is dropped.
struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl InboxStore for Observed {
    async fn insert(&self, delivery: &NewDelivery) -> Result<InsertOutcome, StoreError> {
        let now = self.inserting.fetch_add(1, Ordering::SeqCst) + 1;
        let _counted = Counted(&self.inserting);
        self.most_inserting.fetch_max(now, Ordering::SeqCst);
        self.stalled
            .subscribe()
            .wait_for(|stalled| !stalled)
            .await
            .unwrap();
        self.inner.insert(delivery).await
    }

    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<LeasedDelivery>, StoreError> {
        self.leases.fetch_add(1, Ordering::SeqCst);
        if !take_one(&self.leases_left) {
            return Err(unavailable("leasing deliveries"));
        }
        self.inner.lease(now, until, limit).await
    }

    async fn complete(&self, lease: &Lease, now: Timestamp) -> Result<bool, StoreError> {
        if take_one(&self.failing_completions) {
            return Err(unavailable("completing a delivery"));
        }
        self.inner.complete(lease, now).await
    }

    async fn retry(&self, lease: &Lease, at: Timestamp, error: &str) -> Result<bool, StoreError> {
        let held = self.inner.retry(lease, at, error).await?;
        match take_one(&self.lost_answers) {
            true => Err(unavailable("retrying a delivery")),
            false => Ok(held),
        }
    }

    async fn bury(&self, lease: &Lease, now: Timestamp, error: &str) -> Result<bool, StoreError> {
        let held = self.inner.bury(lease, now, error).await?;
        match take_one(&self.lost_answers) {
            true => Err(unavailable("burying a delivery")),
            false => Ok(held),
        }
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
        self.polls.fetch_add(1, Ordering::SeqCst);
        self.inner.next_due().await
    }

    async fn state(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryState>, StoreError> {
        self.inner.state(envelope_id).await
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.inner.forget(before).await
    }
}

/// Counts down. Returns whether the count was not zero yet.
fn take_one(count: &AtomicUsize) -> bool {
    count
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
        .is_ok()
}

fn unavailable(action: &'static str) -> StoreError {
    StoreError::write(StoreErrorReason::Unavailable, action, "the disk is away")
}
