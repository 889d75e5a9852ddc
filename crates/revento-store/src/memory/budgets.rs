//! [`BudgetStore`] in memory.

use std::{collections::HashMap, fmt, sync::Mutex};

use async_trait::async_trait;
use revento_core::Timestamp;

use super::lock;
use crate::{BudgetStore, BudgetSwapOutcome, BudgetWrite, StoreError};

/// Budgets that several clients of one process share.
#[derive(Default)]
pub struct MemoryBudgets(Mutex<HashMap<String, (Vec<u8>, Timestamp)>>);

impl MemoryBudgets {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many tokens it remembers.
    pub fn count(&self) -> usize {
        lock(&self.0).len()
    }
}

#[async_trait]
impl BudgetStore for MemoryBudgets {
    async fn compare_and_swap(&self, write: BudgetWrite<'_>) -> Result<BudgetSwapOutcome, StoreError> {
        let mut budgets = lock(&self.0);
        if let Some((current, _)) = budgets.get(write.key)
            && write.expected != Some(current)
        {
            return Ok(BudgetSwapOutcome::Conflict(current.clone()));
        }
        if !budgets.contains_key(write.key) {
            budgets.retain(|_, (_, idle_at)| *idle_at > write.now);
        }
        budgets.insert(write.key.to_owned(), (write.next.to_vec(), write.idle_at));
        Ok(BudgetSwapOutcome::Swapped)
    }
}

impl fmt::Debug for MemoryBudgets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBudgets")
            .field("count", &self.count())
            .finish_non_exhaustive()
    }
}
