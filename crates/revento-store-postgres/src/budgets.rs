//! [`BudgetStore`] on PostgreSQL.

use async_trait::async_trait;
use revento_store::{BudgetStore, BudgetSwapOutcome, BudgetWrite, StoreError};
use sqlx::Row as _;

use crate::{
    PostgresStore,
    call::Call,
    error::{Failure, failed},
    text::indexed,
};

/// Inserts or replaces the row if its bytes equal the expected ones. Each insert deletes up to 16 idle rows.
const COMPARE_AND_SWAP: &str = "
    WITH gone AS (
        DELETE FROM {schema}.revento_budgets WHERE key IN (
            SELECT key FROM {schema}.revento_budgets WHERE idle_at <= $4 AND key <> $1 AND $2::bytea IS NULL
            ORDER BY idle_at LIMIT 16 FOR UPDATE SKIP LOCKED)),
    written AS (
        INSERT INTO {schema}.revento_budgets AS b (key, state, idle_at) VALUES ($1, $3, $5)
        ON CONFLICT (key) DO UPDATE SET state = EXCLUDED.state, idle_at = EXCLUDED.idle_at
            WHERE b.state = $2::bytea
        RETURNING 1)
    SELECT EXISTS (SELECT FROM written)";
const CURRENT: &str = "SELECT state FROM {schema}.revento_budgets WHERE key = $1";

/// How often a swap is tried again because the conflicting row was deleted meanwhile.
const MAX_SWAP_ATTEMPTS: usize = 4;

#[async_trait]
impl BudgetStore for PostgresStore {
    async fn compare_and_swap(&self, write: BudgetWrite<'_>) -> Result<BudgetSwapOutcome, StoreError> {
        self.swap_budget(write)
            .await
            .map_err(failed("sharing a rate budget"))
    }
}

impl PostgresStore {
    async fn swap_budget(&self, write: BudgetWrite<'_>) -> Result<BudgetSwapOutcome, Failure> {
        let key = indexed(write.key);
        for _ in 0..MAX_SWAP_ATTEMPTS {
            let swap = Call::new(COMPARE_AND_SWAP)
                .bind(&key)
                .bind(write.expected)
                .bind(write.next)
                .bind(write.now.unix_micros())
                .bind(write.idle_at.unix_micros());
            let current = Call::new(CURRENT).bind(&key);
            let answer = self.transact(&[swap, current]).await?;
            let repeated = answer.repeated;
            let mut rows = answer.rows().into_iter();
            let swapped = rows.next().ok_or(sqlx::Error::RowNotFound)?;
            if swapped.try_get(0)? {
                return Ok(BudgetSwapOutcome::Swapped);
            }
            if let Some(row) = rows.next() {
                let current: Vec<u8> = row.try_get(0)?;
                // The first attempt has written it.
                let is_own = repeated && current == write.next;
                return Ok(if is_own {
                    BudgetSwapOutcome::Swapped
                } else {
                    BudgetSwapOutcome::Conflict(current)
                });
            }
        }
        Err(sqlx::Error::RowNotFound.into())
    }
}
