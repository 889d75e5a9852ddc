//! An inbox store whose content a test can read, and which fails on demand.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};
use revento_inbox::Inbox;
use revento_seal::InsecurePlaintext;
use revento_store::{
    BuriedCursor, BuriedDelivery, Clock, DeliveryState, InboxStore, InsertOutcome, Lease, LeasedDelivery,
    NewDelivery, RequeueAttempts, RequeueOutcome, StoreError, StoreErrorReason, memory::MemoryInbox,
};

#[derive(Debug, Default)]
pub(crate) struct Shelf {
    inner: MemoryInbox,
    kept: Mutex<Vec<EnvelopeId>>,
    down: AtomicBool,
    stuck: AtomicBool,
    panicking: AtomicBool,
}

impl Shelf {
    pub(crate) fn inbox(self: &Arc<Self>, clock: Arc<dyn Clock>) -> Inbox {
        let sealer = InsecurePlaintext::i_accept_that_tokens_are_stored_readable();
        Inbox::builder(Arc::clone(self), sealer).clock(clock).build()
    }

    pub(crate) fn kept(&self) -> usize {
        self.kept.lock().unwrap().len()
    }

    /// Makes the store never answer again.
    pub(crate) fn get_stuck(&self) {
        self.stuck.store(true, Ordering::SeqCst);
    }

    pub(crate) fn set_panicking(&self, panicking: bool) {
        self.panicking.store(panicking, Ordering::SeqCst);
    }

    pub(crate) fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }
}

#[async_trait]
impl InboxStore for Shelf {
    async fn insert(&self, delivery: &NewDelivery) -> Result<InsertOutcome, StoreError> {
        if self.stuck.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        assert!(!self.panicking.load(Ordering::SeqCst), "the store has a bug");
        if self.down.load(Ordering::SeqCst) {
            return Err(StoreError::new(
                StoreErrorReason::Unavailable,
                "keeping a delivery",
                "the disk is full",
            ));
        }
        let received = self.inner.insert(delivery).await?;
        if matches!(received, InsertOutcome::New { .. }) {
            self.kept.lock().unwrap().push(delivery.envelope_id.clone());
        }
        Ok(received)
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
