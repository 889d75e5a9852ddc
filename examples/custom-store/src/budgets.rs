//! [`BudgetStore`] in SQL. Nobody lists budgets, so their keys need no order, and a digest is enough.

use async_trait::async_trait;
use revento_store::{BudgetStore, BudgetSwapOutcome, BudgetWrite, StoreError, TextDigest};

use crate::sql::{BoxError, SqlStore, not_written};

const GET: &str = "SELECT state FROM budgets WHERE id = ?";
const DELETE: &str = "DELETE FROM budgets WHERE id = ? OR idle_at <= ?";
const PUT: &str = "INSERT INTO budgets (id, state, idle_at) VALUES (?, ?, ?)";

impl SqlStore {
    async fn swap_budget(&self, write: BudgetWrite<'_>) -> Result<BudgetSwapOutcome, BoxError> {
        let id = TextDigest::of(write.key).as_bytes().to_vec();
        let (mut tx, _) = self.begin().await?;
        let current: Option<Vec<u8>> = sqlx::query_scalar(GET).bind(&id).fetch_optional(&mut *tx).await?;
        if let Some(current) = current.filter(|current| write.expected != Some(current)) {
            return Ok(BudgetSwapOutcome::Conflict(current));
        }
        sqlx::query(DELETE)
            .bind(&id)
            .bind(write.now.unix_micros())
            .execute(&mut *tx)
            .await?;
        sqlx::query(PUT)
            .bind(&id)
            .bind(write.next)
            .bind(write.idle_at.unix_micros())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(BudgetSwapOutcome::Swapped)
    }
}

#[async_trait]
impl BudgetStore for SqlStore {
    async fn compare_and_swap(&self, write: BudgetWrite<'_>) -> Result<BudgetSwapOutcome, StoreError> {
        self.swap_budget(write)
            .await
            .map_err(not_written("sharing a rate budget"))
    }
}
