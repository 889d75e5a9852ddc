//! [`BudgetStore`]: shares between replicas what they have spent of a token's rate budgets.

use std::fmt;

use async_trait::async_trait;
use revento_core::Timestamp;

use crate::StoreError;

/// Keeps the state of each token's rate budgets for all replicas (contract §3.6, invariant C1).
///
/// The state is bytes that the store does not interpret, a few kilobytes at most. A store may lose them: the platform's headers say again
/// what is left. So the store need not write to a disk before it answers. In all else the rules of
/// [every method](crate#what-every-method-of-a-store-does) hold.
#[async_trait]
pub trait BudgetStore: Send + Sync + fmt::Debug {
    /// Replaces the bytes of a key if they equal `expected`, or if the key has none, whatever `expected` is. The call is atomic
    /// for any number of callers and replicas. A key is any text of any length, compared byte for byte; nothing lists keys, so
    /// [`TextDigest`](crate::TextDigest) is enough. The bytes are any bytes.
    ///
    /// # Errors
    /// The store failed. The write may have taken effect.
    async fn compare_and_swap(&self, write: BudgetWrite<'_>) -> Result<BudgetSwapOutcome, StoreError>;
}

/// The arguments of [`BudgetStore::compare_and_swap`].
#[derive(Clone, Copy)]
pub struct BudgetWrite<'a> {
    /// The key: any text.
    pub key: &'a str,
    /// The bytes that the caller read last; `None` if it knows of none.
    pub expected: Option<&'a [u8]>,
    /// The new bytes.
    pub next: &'a [u8],
    /// The caller's time.
    pub now: Timestamp,
    /// When the bytes become meaningless. The store may remove them in a call whose `now` is this time or later, not earlier.
    pub idle_at: Timestamp,
}

/// The result of [`BudgetStore::compare_and_swap`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BudgetSwapOutcome {
    /// The new bytes are stored: the key had the expected bytes or none.
    Swapped,
    /// The key has these other bytes. The store changed nothing.
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
