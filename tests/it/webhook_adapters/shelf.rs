//! An inbox store whose content a test can read, and which fails on demand.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};
use revento_inbox::Inbox;
use revento_seal::InsecurePlaintext;
use revento_store::{
    BuriedCursor, BuriedDelivery, Clock, DeliveryState, InboxStore, InsertOutcome, Lease, LeasedDelivery,
    NewDelivery, RequeueAttempts, RequeueOutcome, StoreError, StoreErrorReason, memory::MemoryInbox,
};

#[derive(Debug)]
pub(crate) struct Shelf {
    inner: Box<dyn InboxStore>,
    kept: Mutex<Vec<EnvelopeId>>,
    down: AtomicBool,
    stuck: AtomicBool,
    panicking: AtomicBool,
    inserting: AtomicUsize,
    most_inserting: AtomicUsize,
}

impl Default for Shelf {
    fn default() -> Self {
        Self::over(MemoryInbox::default())
    }
}

/// Counts a call until it ends or is dropped.
struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Shelf {
    /// Keeps what it gets in another store.
    pub(crate) fn over(store: impl InboxStore + 'static) -> Self {
        Self {
            inner: Box::new(store),
            kept: Mutex::default(),
            down: AtomicBool::default(),
            stuck: AtomicBool::default(),
            panicking: AtomicBool::default(),
            inserting: AtomicUsize::default(),
            most_inserting: AtomicUsize::default(),
        }
    }

    /// The greatest number of deliveries that waited for the store at the same time.
    pub(crate) fn most_inserting(&self) -> usize {
        self.most_inserting.load(Ordering::SeqCst)
    }

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
        let inserting = self.inserting.fetch_add(1, Ordering::SeqCst) + 1;
        let _counted = Counted(&self.inserting);
        self.most_inserting.fetch_max(inserting, Ordering::SeqCst);
        if self.stuck.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        assert!(!self.panicking.load(Ordering::SeqCst), "the store has a bug");
        if self.down.load(Ordering::SeqCst) {
            return Err(StoreError::write(
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
