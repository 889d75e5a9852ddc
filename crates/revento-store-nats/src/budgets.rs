//! [`BudgetStore`] on a stream in the servers' memory.

use async_trait::async_trait;
use revento_store::{BudgetStore, BudgetSwapOutcome, BudgetWrite, StoreError};

use crate::{
    NatsStore,
    failure::{Contended, Failure},
    names::token,
    pages::MAX_ROUNDS,
    stream::Put,
};

impl NatsStore {
    async fn swap_budget(&self, write: BudgetWrite<'_>) -> Result<BudgetSwapOutcome, Failure> {
        let (stream, token) = (&self.inner.budgets, token(write.key));
        for _ in 0..MAX_ROUNDS {
            let current = stream.get(&token).await?;
            let seq = current.as_ref().map_or(0, |message| message.seq);
            if let Some(message) = current
                && write.expected != Some(&*message.payload)
            {
                return Ok(BudgetSwapOutcome::Conflict(message.payload));
            }
            if let Put::Stored(_) = stream.put(&token, seq, write.next.to_vec()).await? {
                return Ok(BudgetSwapOutcome::Swapped);
            }
            tokio::task::yield_now().await;
        }
        Err(Failure::unavailable(Contended).of_a_write())
    }
}

#[async_trait]
impl BudgetStore for NatsStore {
    async fn compare_and_swap(&self, write: BudgetWrite<'_>) -> Result<BudgetSwapOutcome, StoreError> {
        self.swap_budget(write)
            .await
            .map_err(|failure| failure.at("sharing a rate budget"))
    }
}
