//! A token store that fails on command.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use async_trait::async_trait;
use revento_core::{ClientId, ConnectionKey, EventId, Timestamp};
use revento_store::{
    ClaimOutcome, ClaimTerms, CreateOutcome, DueCursor, Fence, Record, StoreError, StoreErrorReason, Stored,
    SwapOutcome, TokenStore, Version, memory::MemoryTokens,
};

/// A memory store that fails on command.
#[derive(Debug, Default)]
pub(crate) struct FaultyStore {
    inner: MemoryTokens,
    down: AtomicBool,
    swaps_fail: AtomicBool,
    swap_panics: AtomicBool,
    failures: AtomicU32,
}

impl FaultyStore {
    pub(crate) fn down(&self, down: bool) {
        self.down.store(down, SeqCst);
    }

    pub(crate) fn swaps_fail(&self, fail: bool) {
        self.swaps_fail.store(fail, SeqCst);
    }

    /// Fails once.
    pub(crate) fn swap_panics(&self) {
        self.swap_panics.store(true, SeqCst);
    }

    /// The next calls fail.
    pub(crate) fn fail_next(&self, calls: u32) {
        self.failures.store(calls, SeqCst);
    }

    fn check(&self) -> Result<(), StoreError> {
        let fails = self
            .failures
            .fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1));
        if self.down.load(SeqCst) || fails.is_ok() {
            return Err(failure());
        }
        Ok(())
    }
}

fn failure() -> StoreError {
    StoreError::write(StoreErrorReason::Unavailable, "testing", "switched off")
}

#[async_trait]
impl TokenStore for FaultyStore {
    async fn load(&self, key: &ConnectionKey) -> Result<Option<Stored>, StoreError> {
        self.check()?;
        self.inner.load(key).await
    }

    async fn create(&self, record: &Record) -> Result<CreateOutcome, StoreError> {
        self.check()?;
        self.inner.create(record).await
    }

    async fn compare_and_swap(
        &self,
        expected: Version,
        record: &Record,
        fence: Option<Fence>,
    ) -> Result<SwapOutcome, StoreError> {
        self.check()?;
        if self.swaps_fail.load(SeqCst) {
            return Err(failure());
        }
        assert!(
            !self.swap_panics.swap(false, SeqCst),
            "a planned panic of the store"
        );
        self.inner.compare_and_swap(expected, record, fence).await
    }

    async fn claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, StoreError> {
        self.check()?;
        self.inner.claim(key, terms).await
    }

    async fn release(&self, key: &ConnectionKey, fence: Fence) -> Result<(), StoreError> {
        self.check()?;
        self.inner.release(key, fence).await
    }

    async fn due(
        &self,
        client_id: &ClientId,
        before: Timestamp,
        after: Option<&DueCursor>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        self.check()?;
        self.inner.due(client_id, before, after, limit).await
    }

    async fn of_event(
        &self,
        client_id: &ClientId,
        event_id: &EventId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        self.check()?;
        self.inner.of_event(client_id, event_id, after, limit).await
    }

    async fn of_client(
        &self,
        client_id: &ClientId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        self.check()?;
        self.inner.of_client(client_id, after, limit).await
    }

    async fn remove(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        self.check()?;
        self.inner.remove(key).await
    }
}
