//! A slow database that sometimes fails before or after a write.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use revento_core::{ClientId, ConnectionKey, EventId, Timestamp};
use revento_store::{
    ClaimOutcome, ClaimTerms, Clock, CreateOutcome, DueCursor, Fence, Record, StoreError, StoreErrorReason,
    Stored, SwapOutcome, TokenStore, Version,
};

use super::time::Watch;
use crate::{
    ledger::{Ledger, Worker},
    random::Random,
};

/// The database as one replica sees it.
#[derive(Debug)]
pub(super) struct Shaky {
    pub(super) inner: Arc<dyn TokenStore>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) watch: Arc<Watch>,
    pub(super) worker: Worker,
    pub(super) random: Mutex<Random>,
    /// How many calls of a hundred fail.
    pub(super) failing: Arc<AtomicU64>,
    pub(super) careless: bool,
}

impl Shaky {
    async fn call<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let (there, back, fails, before) = {
            let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
            let fails = random.chance(self.failing.load(Ordering::Relaxed));
            (random.below(15), random.below(15), fails, random.chance(50))
        };
        tokio::time::sleep(Duration::from_millis(there)).await;
        if fails && before {
            return Err(gone());
        }
        let done = work.await;
        tokio::time::sleep(Duration::from_millis(back)).await;
        if fails { Err(gone()) } else { done }
    }
}

fn gone() -> StoreError {
    StoreError::write(
        StoreErrorReason::Unavailable,
        "simulating",
        "the database is gone",
    )
}

#[async_trait]
impl TokenStore for Shaky {
    async fn load(&self, key: &ConnectionKey) -> Result<Option<Stored>, StoreError> {
        self.call(self.inner.load(key)).await
    }

    async fn create(&self, record: &Record) -> Result<CreateOutcome, StoreError> {
        self.call(self.inner.create(record)).await
    }

    async fn compare_and_swap(
        &self,
        expected: Version,
        record: &Record,
        fence: Option<Fence>,
    ) -> Result<SwapOutcome, StoreError> {
        self.call(self.inner.compare_and_swap(expected, record, fence))
            .await
    }

    async fn claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, StoreError> {
        self.call(async {
            let claim = if self.careless {
                let (fence, abandoned) = (Fence(i64::MAX), false);
                ClaimOutcome::Granted { fence, abandoned }
            } else {
                self.inner.claim(key, terms).await?
            };
            if matches!(claim, ClaimOutcome::Granted { .. }) {
                self.ledger.claimed(key, self.worker, self.watch.now()).await;
            }
            Ok(claim)
        })
        .await
    }

    async fn release(&self, key: &ConnectionKey, fence: Fence) -> Result<(), StoreError> {
        self.call(self.inner.release(key, fence)).await
    }

    async fn due(
        &self,
        client_id: &ClientId,
        before: Timestamp,
        after: Option<&DueCursor>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        self.call(self.inner.due(client_id, before, after, limit)).await
    }

    async fn of_event(
        &self,
        client_id: &ClientId,
        event_id: &EventId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        self.call(self.inner.of_event(client_id, event_id, after, limit))
            .await
    }

    async fn of_client(
        &self,
        client_id: &ClientId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        self.call(self.inner.of_client(client_id, after, limit)).await
    }

    async fn remove(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        self.call(self.inner.remove(key)).await
    }
}
