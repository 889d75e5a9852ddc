//! The store that replicas share, and what happens while it is away.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use revento_core::Timestamp;
use revento_store::{BudgetStore, BudgetSwapOutcome, BudgetWrite};

use crate::words::in_words;

/// Every read waits for an exchange before and after: one that takes longer than this is as good as none.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long nobody asks a store that did not answer.
const PAUSE: Duration = Duration::from_secs(5);

/// The store that replicas share. All tokens learn from the first that finds it away.
#[derive(Debug)]
pub(super) struct Sharing {
    store: Arc<dyn BudgetStore>,
    /// When to ask again, while it is away.
    away: Mutex<Option<Timestamp>>,
}

/// It did not answer; that has been logged.
pub(super) struct Away;

impl Sharing {
    pub(super) fn new(store: Arc<dyn BudgetStore>) -> Self {
        Self {
            store,
            away: Mutex::default(),
        }
    }

    /// Whether the caller is to ask: always, or one caller after each pause.
    pub(super) fn is_worth_asking(&self, now: Timestamp) -> bool {
        let mut away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that went back does not make the pause longer.
        let is_soon =
            |again: Timestamp| (Duration::from_nanos(1)..=PAUSE).contains(&again.saturating_since(now));
        if away.is_some_and(is_soon) {
            return false;
        }
        if away.is_some() {
            *away = Some(now.saturating_add(PAUSE));
        }
        true
    }

    pub(super) async fn exchange(&self, write: BudgetWrite<'_>) -> Result<BudgetSwapOutcome, Away> {
        let now = write.now;
        match tokio::time::timeout(PATIENCE, self.store.compare_and_swap(write)).await {
            Ok(Ok(answer)) => {
                self.is_here();
                Ok(answer)
            }
            Ok(Err(error)) => Err(self.is_away(now, &in_words(&error))),
            Err(_) => Err(self.is_away(now, "the store did not answer in time")),
        }
    }

    fn is_away(&self, now: Timestamp, error: &str) -> Away {
        let mut away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        if away.replace(now.saturating_add(PAUSE)).is_none() {
            tracing::warn!(
                error,
                "rate budgets cannot be shared: each replica counts for itself until the store is back"
            );
        }
        Away
    }

    fn is_here(&self) {
        let mut away = self.away.lock().unwrap_or_else(PoisonError::into_inner);
        if away.take().is_some() {
            tracing::info!("rate budgets are shared again");
        }
    }
}
