//! A store that counts what is written, and fails on command.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use revento_core::{EventId, Timestamp};
use revento_mirror::{
    memory::MemoryMirror,
    store::{
        Loaded, MirrorStore, MirrorWrite, MirroredEvent, ReadClaim, RowCounts, RowKey, RowQuery,
        StoredChanges, StoredRow, WriteOutcome,
    },
};
use revento_store::{Fence, StoreError, StoreErrorReason};

#[derive(Debug, Default)]
pub(crate) struct CountingStore {
    inner: MemoryMirror,
    pub(crate) rows: AtomicU64,
    pub(crate) writes: AtomicU64,
    /// The write of this number from now on fails, after it has happened; `0` for none.
    pub(crate) failing: AtomicU64,
    /// How often the worker has shortened the feed: the last it does before it sleeps for the first time.
    pub(crate) forgotten: AtomicU64,
    pub(crate) released: AtomicU64,
}

impl CountingStore {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn rows_written(&self) -> u64 {
        self.rows.load(Ordering::SeqCst)
    }

    fn fails_now(&self) -> bool {
        let count_down = |left: u64| left.checked_sub(1);
        self.failing
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, count_down)
            == Ok(1)
    }
}

#[async_trait]
impl MirrorStore for CountingStore {
    async fn begin(&self, event_id: &EventId, progress: &str) -> Result<bool, StoreError> {
        self.inner.begin(event_id, progress).await
    }

    async fn events(&self, after: Option<&EventId>, limit: usize) -> Result<Vec<MirroredEvent>, StoreError> {
        self.inner.events(after, limit).await
    }

    async fn claim(
        &self,
        event_id: &EventId,
        held: Option<Fence>,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<ReadClaim, StoreError> {
        self.inner.claim(event_id, held, now, until).await
    }

    async fn release(&self, event_id: &EventId, fence: Fence) -> Result<(), StoreError> {
        self.released.fetch_add(1, Ordering::SeqCst);
        self.inner.release(event_id, fence).await
    }

    async fn load(&self, event_id: &EventId, keys: &[RowKey]) -> Result<Loaded, StoreError> {
        let loaded = self.inner.load(event_id, keys).await;
        // As with a real store, others get a turn meanwhile.
        tokio::task::yield_now().await;
        loaded
    }

    async fn write(&self, write: &MirrorWrite) -> Result<WriteOutcome, StoreError> {
        let outcome = self.inner.write(write).await?;
        if matches!(outcome, WriteOutcome::Written { .. }) {
            self.rows.fetch_add(write.rows.len() as u64, Ordering::SeqCst);
            self.writes.fetch_add(1, Ordering::SeqCst);
        }
        if self.fails_now() {
            return Err(StoreError::write(
                StoreErrorReason::Unavailable,
                "writing to a mirror",
                "planned",
            ));
        }
        Ok(outcome)
    }

    async fn rows(&self, query: &RowQuery) -> Result<Vec<StoredRow>, StoreError> {
        self.inner.rows(query).await
    }

    async fn counts(&self, event_id: &EventId) -> Result<RowCounts, StoreError> {
        self.inner.counts(event_id).await
    }

    async fn changes(
        &self,
        event_id: &EventId,
        after: i64,
        limit: usize,
    ) -> Result<StoredChanges, StoreError> {
        self.inner.changes(event_id, after, limit).await
    }

    async fn forget_changes(&self, before: Timestamp) -> Result<u64, StoreError> {
        let forgotten = self.inner.forget_changes(before).await;
        self.forgotten.fetch_add(1, Ordering::SeqCst);
        forgotten
    }

    async fn wipe(
        &self,
        event_id: &EventId,
        epoch: i64,
        at: Timestamp,
    ) -> Result<Option<RowCounts>, StoreError> {
        self.inner.wipe(event_id, epoch, at).await
    }
}
