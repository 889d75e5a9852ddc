//! [`DeletionStore`] in SQL.

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};
use revento_store::{DecodeSlotError, DeletionDuty, DeletionProof, DeletionStore, StoreError};

use crate::sql::{BoxError, SqlStore, Tx, key_of, not_read, not_written, row_limit};

const GET: &str = "SELECT duty FROM duties WHERE id = ?";
const DELETE: &str = "DELETE FROM duties WHERE id = ?";
const PUT: &str = "INSERT INTO duties (id, open_until, duty) VALUES (?, ?, ?)";
const OPEN: &str = "SELECT duty FROM duties WHERE open_until IS NOT NULL ORDER BY open_until, id LIMIT ?";

async fn get(tx: &mut Tx, envelope_id: &EnvelopeId) -> Result<Option<DeletionDuty>, BoxError> {
    let found = sqlx::query_scalar(GET).bind(key_of(envelope_id.as_str()));
    Ok(read(&found.fetch_all(&mut **tx).await?)?.pop())
}

async fn put(tx: &mut Tx, duty: &DeletionDuty) -> Result<(), BoxError> {
    let id = key_of(duty.envelope_id.as_str());
    let open_until = duty.done.is_none().then_some(duty.deadline_at.unix_micros());
    sqlx::query(DELETE).bind(&id).execute(&mut **tx).await?;
    sqlx::query(PUT)
        .bind(&id)
        .bind(open_until)
        .bind(duty.to_bytes())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

fn read(duties: &[Vec<u8>]) -> Result<Vec<DeletionDuty>, DecodeSlotError> {
    duties
        .iter()
        .map(|bytes| DeletionDuty::from_bytes(bytes))
        .collect()
}

impl SqlStore {
    async fn record_duty(&self, duty: &DeletionDuty) -> Result<bool, BoxError> {
        let (mut tx, _) = self.begin().await?;
        let is_new = get(&mut tx, &duty.envelope_id).await?.is_none();
        if is_new {
            put(&mut tx, duty).await?;
        }
        tx.commit().await?;
        Ok(is_new)
    }

    /// Changes a duty if it is open.
    async fn change_duty(
        &self,
        envelope_id: &EnvelopeId,
        change: impl FnOnce(&mut DeletionDuty) + Send,
    ) -> Result<bool, BoxError> {
        let (mut tx, _) = self.begin().await?;
        let found = get(&mut tx, envelope_id).await?;
        let Some(mut duty) = found.filter(|duty| duty.done.is_none()) else {
            return Ok(false);
        };
        change(&mut duty);
        put(&mut tx, &duty).await?;
        tx.commit().await?;
        Ok(true)
    }
}

#[async_trait]
impl DeletionStore for SqlStore {
    async fn record(&self, duty: &DeletionDuty) -> Result<bool, StoreError> {
        self.record_duty(duty)
            .await
            .map_err(not_written("recording a duty to delete"))
    }

    async fn duty(&self, envelope_id: &EnvelopeId) -> Result<Option<DeletionDuty>, StoreError> {
        let load = sqlx::query_scalar(GET).bind(key_of(envelope_id.as_str()));
        let duties: Result<Vec<_>, _> = load.fetch_all(&self.0).await.map_err(BoxError::from);
        let duties = duties.and_then(|duties| Ok(read(&duties)?));
        Ok(duties.map_err(not_read("loading a duty to delete"))?.pop())
    }

    async fn open_duties(&self, limit: usize) -> Result<Vec<DeletionDuty>, StoreError> {
        let list = sqlx::query_scalar(OPEN).bind(row_limit(limit));
        let duties: Result<Vec<_>, _> = list.fetch_all(&self.0).await.map_err(BoxError::from);
        let duties = duties.and_then(|duties| Ok(read(&duties)?));
        duties.map_err(not_read("listing open duties"))
    }

    async fn mark_reminded(&self, envelope_id: &EnvelopeId, at: Timestamp) -> Result<bool, StoreError> {
        self.change_duty(envelope_id, |duty| duty.reminded_at = Some(at))
            .await
            .map_err(not_written("noting a reminder"))
    }

    async fn mark_deleted(
        &self,
        envelope_id: &EnvelopeId,
        proof: &DeletionProof,
    ) -> Result<bool, StoreError> {
        self.change_duty(envelope_id, |duty| duty.done = Some(proof.clone()))
            .await
            .map_err(not_written("noting a deletion"))
    }
}
