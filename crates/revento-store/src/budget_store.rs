//! The joint for what replicas have spent of a token's rate budgets.

use std::fmt;

use async_trait::async_trait;
use revento_core::Timestamp;

use crate::StoreError;

/// Keeps what has been spent of each token's budgets where all replicas see it (contract §3.6, invariant C1).
///
/// It is one compare-and-swap on bytes that the store does not look into. Losing them is no disaster: the platform's
/// headers say again what is left. So a store need not write to a disk before it answers.
#[async_trait]
pub trait BudgetStore: Send + Sync + fmt::Debug {
    /// Replaces the bytes under a key if they are still what the caller takes them to be; all of it at once, whoever
    /// else writes.
    ///
    /// # Errors
    /// When the store cannot tell. The write may have taken effect.
    async fn compare_and_swap(&self, write: BudgetWrite<'_>) -> Result<BudgetSwapOutcome, StoreError>;
}

/// One exchange.
#[derive(Clone, Copy)]
pub struct BudgetWrite<'a> {
    /// Whose budgets they are. Any text.
    pub key: &'a str,
    /// What the caller takes to be there; `None` when it knows of nothing.
    pub expected: Option<&'a [u8]>,
    /// What is to be there.
    pub next: &'a [u8],
    /// The time by the caller's clock.
    pub now: Timestamp,
    /// From when on the bytes say nothing any more. The store may forget them then, and no earlier.
    pub idle_at: Timestamp,
}

/// What came of an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BudgetSwapOutcome {
    /// The new bytes are there. Where there were none, any expectation is met: they were forgotten.
    Swapped,
    /// Others are there, namely these.
    Conflict(Vec<u8>),
}

impl fmt::Debug for BudgetWrite<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BudgetWrite")
            .field("key", &self.key)
            .field("expected_bytes", &self.expected.map(<[u8]>::len))
            .field("next_bytes", &self.next.len())
            .field("now", &self.now)
            .field("idle_at", &self.idle_at)
            .finish()
    }
}
