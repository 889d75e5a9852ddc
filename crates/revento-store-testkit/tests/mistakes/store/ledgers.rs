//! [`DeletionStore`], [`BudgetStore`] and [`Once`].

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};
use revento_store::{
    BudgetStore, BudgetSwapOutcome, BudgetWrite, DeletionDuty, DeletionProof, DeletionStore, Once,
    StoreError,
    columns::{self, Row as _, Value},
};

use super::{SqlStore, bytes, failed, not_read, row_limit, text, time};

impl SqlStore {
    /// Runs a statement that changes one row or none.
    async fn change_one(&self, statement: &'static str, values: &[Value]) -> Result<bool, sqlx::Error> {
        let mut work = self.begin(statement).await?;
        let changed = work.change(statement, values).await?;
        work.commit().await?;
        Ok(changed == 1)
    }
}

#[async_trait]
impl DeletionStore for SqlStore {
    async fn record(&self, duty: &DeletionDuty) -> Result<bool, StoreError> {
        let recorded = self.change_one("record", &columns::of_duty(duty)).await;
        recorded.map_err(failed("recording a duty"))
    }

    async fn duty(&self, envelope_id: &EnvelopeId) -> Result<Option<DeletionDuty>, StoreError> {
        let duty = async {
            let row = self.read("duty", &[text(envelope_id)]).await?.pop();
            row.as_ref().map(columns::read_duty).transpose()
        };
        duty.await.map_err(not_read("loading a duty"))
    }

    async fn open_duties(&self, limit: usize) -> Result<Vec<DeletionDuty>, StoreError> {
        let duties = async {
            let rows = self.read("open_duties", &[row_limit(limit)]).await?;
            rows.iter().map(columns::read_duty).collect::<Result<_, _>>()
        };
        duties.await.map_err(not_read("listing open duties"))
    }

    async fn mark_reminded(&self, envelope_id: &EnvelopeId, at: Timestamp) -> Result<bool, StoreError> {
        let marked = self
            .change_one("mark_reminded", &[text(envelope_id), time(at)])
            .await;
        marked.map_err(failed("noting a reminder"))
    }

    async fn mark_deleted(
        &self,
        envelope_id: &EnvelopeId,
        proof: &DeletionProof,
    ) -> Result<bool, StoreError> {
        let values = [text(envelope_id), time(proof.at), text(&proof.note)];
        let marked = self.change_one("mark_deleted", &values).await;
        marked.map_err(failed("closing a duty"))
    }
}

#[async_trait]
impl BudgetStore for SqlStore {
    async fn compare_and_swap(&self, write: BudgetWrite<'_>) -> Result<BudgetSwapOutcome, StoreError> {
        let swap = async {
            let mut work = self.begin("budget").await?;
            let row = work.row("budget", &[text(write.key)]).await?;
            let current = row.map(|row| row.bytes("bytes")).transpose()?.flatten();
            if let Some(current) = current
                && Some(current.as_slice()) != write.expected
            {
                return Ok(BudgetSwapOutcome::Conflict(current));
            }
            let values = [text(write.key), bytes(write.next), time(write.idle_at)];
            work.change("write_budget", &values).await?;
            work.change("forget_budgets", &[time(write.now)]).await?;
            work.commit().await?;
            Ok(BudgetSwapOutcome::Swapped)
        };
        swap.await.map_err(failed("sharing a budget"))
    }
}

#[async_trait]
impl Once for SqlStore {
    async fn take(&self, id: &str, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        let take = async {
            let mut work = self.begin("take").await?;
            let taken = work.change("take", &[text(id), time(now), time(until)]).await?;
            work.change("forget_marks", &[time(now)]).await?;
            work.commit().await?;
            Ok(taken == 1)
        };
        take.await.map_err(failed("taking a mark"))
    }
}
