//! [`BudgetStore`] on MySQL.

use async_trait::async_trait;
use revento_store::{BudgetStore, BudgetSwapOutcome, BudgetWrite, StoreError, columns::index_text};
use sqlx::Row as _;

use crate::{
    MySqlStore,
    call::Call,
    error::{Failure, failed},
    expired,
};

/// Inserts the row, or replaces it if its bytes equal the expected ones. It is locked from then on. The bytes are assigned last, because the
/// other columns depend on them.
const COMPARE_AND_SWAP: &str = "
    INSERT INTO {db}.revento_budgets (budget_key, state, idle_at, last_call) VALUES ($1, $3, $4, $5)
    ON DUPLICATE KEY UPDATE
        idle_at = CASE WHEN state = $2 THEN $4 ELSE idle_at END,
        last_call = CASE WHEN state = $2 THEN $5 ELSE last_call END,
        state = CASE WHEN state = $2 THEN $3 ELSE state END;
    SELECT last_call = $5 AS swapped, CASE WHEN last_call = $5 THEN NULL ELSE state END AS current
    FROM {db}.revento_budgets WHERE budget_key = $1";
/// The keys that are idle.
const IDLE: &str =
    "SELECT budget_key FROM {db}.revento_budgets WHERE idle_at <= $1 ORDER BY idle_at LIMIT $2";
const FORGET: &str = "DELETE FROM {db}.revento_budgets WHERE budget_key IN ($1) AND idle_at <= $2";

/// For the test of the query plans.
#[cfg(test)]
pub(crate) const QUERIES: &[(&str, &str)] = &[("idle_budgets", IDLE)];

#[async_trait]
impl BudgetStore for MySqlStore {
    async fn compare_and_swap(&self, write: BudgetWrite<'_>) -> Result<BudgetSwapOutcome, StoreError> {
        self.swap_budget(write)
            .await
            .map_err(failed("sharing a rate budget"))
    }
}

impl MySqlStore {
    async fn swap_budget(&self, write: BudgetWrite<'_>) -> Result<BudgetSwapOutcome, Failure> {
        let now = write.now.unix_micros();
        let swap = Call::new(COMPARE_AND_SWAP)
            .bind(index_text(write.key))
            .bind(write.expected)
            .bind(write.next)
            .bind(write.idle_at.unix_micros())
            .bind(self.call_name());
        let mut calls = vec![swap];
        // A token that is used for the first time makes room for its row.
        if write.expected.is_none() {
            calls.push(Call::new(IDLE).bind(now).bind(expired::SLICE));
        }
        let mut answers = self.transact(&calls).await?.into_iter().skip(1);
        let swapped = answers.next().and_then(|answer| answer.rows.into_iter().next());
        let swapped = swapped.ok_or(sqlx::Error::RowNotFound)?;
        if let Some(idle) = answers.next() {
            self.forget_expired(FORGET, &idle.rows, now).await;
        }
        if swapped.try_get::<i64, _>("swapped")? != 0 {
            return Ok(BudgetSwapOutcome::Swapped);
        }
        Ok(BudgetSwapOutcome::Conflict(swapped.try_get("current")?))
    }
}
