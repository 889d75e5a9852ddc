//! One queue for each token, and the settings that all queues share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use revento_core::{ConnectionKey, Timestamp, pacing::Remaining};

use super::{
    counted_budget::CountedBudget, denied::Denied, pacing::Pacing, permit::Permit, shared_store::SharedStore,
    token_queue::TokenQueue,
};
use crate::{
    idle_map::{IdleMap, MemoryUse},
    runtime::Runtime,
};

/// One queue for each token that was used lately.
pub(crate) struct Limiter {
    pacing: Pacing,
    shared: Option<Arc<SharedStore>>,
    queues: Mutex<IdleMap<TokenQueue>>,
    runtime: Runtime,
}

impl Limiter {
    pub(crate) fn new(pacing: Pacing, runtime: Runtime) -> Self {
        let shared = pacing.store.clone();
        Self {
            shared: shared.map(|store| Arc::new(SharedStore::new(store, runtime.clone()))),
            pacing,
            queues: Mutex::default(),
            runtime,
        }
    }

    /// Waits for a turn, but not beyond `deadline`.
    pub(crate) async fn turn(
        &self,
        key: &ConnectionKey,
        deadline: Option<Timestamp>,
    ) -> Result<Permit, Denied> {
        if !self.pacing.is_on {
            return Ok(Permit::unpaced());
        }
        let now = self.runtime.now();
        let longest = now.saturating_add(self.pacing.longest_wait);
        let give_up = deadline.map_or(longest, |deadline| deadline.min(longest));
        let queue = self.queue(key, now);
        let ticket = queue.turn(self.pacing.longest_queue, give_up).await?;
        Ok(Permit::new(queue, ticket))
    }

    /// What is left of a token's budgets, by this process's knowledge; `None` when the token was not used lately.
    pub(crate) fn remaining(&self, key: &ConnectionKey) -> Option<Remaining> {
        let queue = self.lock().get(key)?;
        Some(queue.remaining())
    }

    /// When this many more calls of a token will have gone; now when calls are not paced.
    pub(crate) fn ready_at(&self, key: &ConnectionKey, calls: usize) -> Timestamp {
        let now = self.runtime.now();
        if !self.pacing.is_on {
            return now;
        }
        self.queue(key, now).ready_at(calls)
    }

    pub(crate) fn memory(&self) -> MemoryUse {
        self.lock().memory(TokenQueue::size_in_memory)
    }

    fn queue(&self, key: &ConnectionKey, now: Timestamp) -> Arc<TokenQueue> {
        let make = || {
            let limits = self.pacing.limits(key.token_kind());
            let (shared, runtime) = (self.shared.clone(), self.runtime.clone());
            let budget = CountedBudget::new(key.to_string(), limits, shared, runtime);
            Arc::new(TokenQueue::new(budget))
        };
        self.lock().get_or_insert(key, |queue| queue.is_idle(now), make)
    }

    fn lock(&self) -> MutexGuard<'_, IdleMap<TokenQueue>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
