//! [`BudgetStore`] on Redis.

use std::time::Duration;

use async_trait::async_trait;
use revento_store::{BudgetStore, BudgetSwapOutcome, BudgetWrite, StoreError};

use crate::{RedisStore, call::Call, error::failed};

/// How long a key is kept at least, because the clocks of replicas differ a little.
const MIN_EXPIRY: Duration = Duration::from_secs(60);

#[async_trait]
impl BudgetStore for RedisStore {
    async fn compare_and_swap(&self, write: BudgetWrite<'_>) -> Result<BudgetSwapOutcome, StoreError> {
        let keep = write.idle_at.saturating_since(write.now).max(MIN_EXPIRY);
        let mut call = self.scripts.budget.key(self.keys.budget(write.key));
        call.arg(u8::from(write.expected.is_some()))
            .arg(write.expected.unwrap_or_default())
            .arg(write.next)
            .arg(u64::try_from(keep.as_millis()).unwrap_or(u64::MAX / 2));
        let current: Result<Option<Vec<u8>>, _> = self.call(Call::Script(&call)).await;
        let current = current.map_err(failed("sharing a rate budget"))?;
        Ok(current.map_or(BudgetSwapOutcome::Swapped, BudgetSwapOutcome::Conflict))
    }
}
