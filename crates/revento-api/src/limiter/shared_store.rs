//! The budget store that replicas share, and whether it answers.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use revento_core::{Timestamp, error::chain};
use revento_store::{BudgetStore, BudgetSwapOutcome, BudgetWrite};

use crate::runtime::Runtime;

/// A store that takes longer counts as not available: every read waits for a write before and after its call.
const TIMEOUT: Duration = Duration::from_secs(2);
/// How long nobody asks a store that did not answer.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The store that replicas share. All queues learn from the first one whose write fails.
#[derive(Debug)]
pub(super) struct SharedStore {
    store: Arc<dyn BudgetStore>,
    runtime: Runtime,
    /// When to ask again, while the store is not available.
    retry_at: Mutex<Option<Timestamp>>,
}

/// The store did not answer; that has been logged.
pub(super) struct NotAvailable;

impl SharedStore {
    pub(super) fn new(store: Arc<dyn BudgetStore>, runtime: Runtime) -> Self {
        Self {
            store,
            runtime,
            retry_at: Mutex::default(),
        }
    }

    /// Whether the caller is to ask the store: always while it is available, otherwise one caller after each pause.
    pub(super) fn is_worth_asking(&self) -> bool {
        let now = self.runtime.now();
        let mut retry_at = self.lock();
        // A clock that was set back does not make the pause longer.
        let is_ahead =
            |at: Timestamp| (Duration::from_nanos(1)..=RETRY_AFTER).contains(&at.saturating_since(now));
        if retry_at.is_some_and(is_ahead) {
            return false;
        }
        if retry_at.is_some() {
            *retry_at = Some(now.saturating_add(RETRY_AFTER));
        }
        true
    }

    pub(super) async fn compare_and_swap(
        &self,
        write: BudgetWrite<'_>,
    ) -> Result<BudgetSwapOutcome, NotAvailable> {
        let now = write.now;
        let writing = self.store.compare_and_swap(write);
        match self.runtime.timeout(TIMEOUT, writing).await {
            Ok(Ok(outcome)) => {
                self.note_answer();
                Ok(outcome)
            }
            Ok(Err(error)) => Err(self.note_failure(now, &chain(&error).to_string())),
            Err(_) => Err(self.note_failure(now, "the store did not answer in time")),
        }
    }

    fn note_failure(&self, now: Timestamp, error: &str) -> NotAvailable {
        let retry_at = now.saturating_add(RETRY_AFTER);
        if self.lock().replace(retry_at).is_none() {
            tracing::warn!(
                error,
                "rate budgets cannot be shared: each replica counts for itself until the store answers again"
            );
        }
        NotAvailable
    }

    fn note_answer(&self) {
        if self.lock().take().is_some() {
            tracing::info!("rate budgets are shared again");
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Timestamp>> {
        self.retry_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
