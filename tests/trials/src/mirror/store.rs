//! A store that is slow, and that fails before or after a write.

use std::sync::{
    Mutex, PoisonError,
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

use crate::random::Random;

#[derive(Debug)]
pub(super) struct ShakyStore {
    inner: MemoryMirror,
    random: Mutex<Random>,
    /// How many calls of a thousand fail.
    pub(super) failing: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) writes: AtomicU64,
    pub(super) rows: AtomicU64,
}

impl ShakyStore {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            inner: MemoryMirror::new(),
            random: Mutex::new(Random::new(seed)),
            failing: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            writes: AtomicU64::new(0),
            rows: AtomicU64::new(0),
        }
    }

    async fn call<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let (fails, before) = {
            let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
            let fails = random.below(1000) < self.failing.load(Ordering::Relaxed);
            (fails, random.chance(50))
        };
        // A replica can crash here, and after the work.
        tokio::task::yield_now().await;
        if fails && before {
            return Err(self.gone());
        }
        let done = work.await;
        tokio::task::yield_now().await;
        if fails { Err(self.gone()) } else { done }
    }

    fn gone(&self) -> StoreError {
        self.failed.fetch_add(1, Ordering::Relaxed);
        StoreError::write(
            StoreErrorReason::Unavailable,
            "simulating",
            "the database is gone",
        )
    }
}

#[async_trait]
impl MirrorStore for ShakyStore {
    async fn begin(&self, event_id: &EventId, progress: &str) -> Result<bool, StoreError> {
        self.call(self.inner.begin(event_id, progress)).await
    }

    async fn events(&self, after: Option<&EventId>, limit: usize) -> Result<Vec<MirroredEvent>, StoreError> {
        self.call(self.inner.events(after, limit)).await
    }

    async fn claim(
        &self,
        event_id: &EventId,
        held: Option<Fence>,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<ReadClaim, StoreError> {
        self.call(self.inner.claim(event_id, held, now, until)).await
    }

    async fn release(&self, event_id: &EventId, fence: Fence) -> Result<(), StoreError> {
        self.call(self.inner.release(event_id, fence)).await
    }

    async fn load(&self, event_id: &EventId, keys: &[RowKey]) -> Result<Loaded, StoreError> {
        self.call(self.inner.load(event_id, keys)).await
    }

    async fn write(&self, write: &MirrorWrite) -> Result<WriteOutcome, StoreError> {
        let outcome = self.call(self.inner.write(write)).await?;
        if matches!(outcome, WriteOutcome::Written { .. }) {
            self.writes.fetch_add(1, Ordering::Relaxed);
            self.rows.fetch_add(write.rows.len() as u64, Ordering::Relaxed);
        }
        Ok(outcome)
    }

    async fn rows(&self, query: &RowQuery) -> Result<Vec<StoredRow>, StoreError> {
        self.call(self.inner.rows(query)).await
    }

    async fn counts(&self, event_id: &EventId) -> Result<RowCounts, StoreError> {
        self.call(self.inner.counts(event_id)).await
    }

    async fn changes(
        &self,
        event_id: &EventId,
        after: i64,
        limit: usize,
    ) -> Result<StoredChanges, StoreError> {
        self.call(self.inner.changes(event_id, after, limit)).await
    }

    async fn forget_changes(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.call(self.inner.forget_changes(before)).await
    }

    async fn wipe(
        &self,
        event_id: &EventId,
        epoch: i64,
        at: Timestamp,
    ) -> Result<Option<RowCounts>, StoreError> {
        self.call(self.inner.wipe(event_id, epoch, at)).await
    }
}
