//! [`BudgetStore`] on PostgreSQL.

use async_trait::async_trait;
use revento_store::{BudgetStore, BudgetSwapOutcome, BudgetWrite, StoreError};

use crate::{PostgresStore, error::failed, text::escape};

/// Inserts or replaces the row if its bytes equal the expected ones. Each insert deletes up to 16 idle rows.
const COMPARE_AND_SWAP: &str = "
    WITH gone AS (
        DELETE FROM revento_budgets WHERE key IN (
            SELECT key FROM revento_budgets WHERE idle_at <= $4 AND key <> $1 AND $2::bytea IS NULL
            ORDER BY idle_at LIMIT 16 FOR UPDATE SKIP LOCKED)),
    written AS (
        INSERT INTO revento_budgets AS b (key, state, idle_at) VALUES ($1, $3, $5)
        ON CONFLICT (key) DO UPDATE SET state = EXCLUDED.state, idle_at = EXCLUDED.idle_at
            WHERE b.state = $2::bytea
        RETURNING 1)
    SELECT EXISTS (SELECT FROM written)";

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
    async fn swap_budget(&self, write: BudgetWrite<'_>) -> Result<BudgetSwapOutcome, sqlx::Error> {
        for _ in 0..MAX_SWAP_ATTEMPTS {
            let written: bool = sqlx::query_scalar(COMPARE_AND_SWAP)
                .bind(escape(write.key))
                .bind(write.expected)
                .bind(write.next)
                .bind(write.now.unix_micros())
                .bind(write.idle_at.unix_micros())
                .fetch_one(&self.pool)
                .await?;
            if written {
                return Ok(BudgetSwapOutcome::Swapped);
            }
            let current = sqlx::query_scalar("SELECT state FROM revento_budgets WHERE key = $1")
                .bind(escape(write.key))
                .fetch_optional(&self.pool)
                .await?;
            if let Some(current) = current {
                return Ok(BudgetSwapOutcome::Conflict(current));
            }
        }
        Err(sqlx::Error::RowNotFound)
    }
}
