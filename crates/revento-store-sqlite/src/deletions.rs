//! [`DeletionStore`] on SQLite: one statement each.

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};
use revento_store::{DeletionDuty, DeletionProof, DeletionStore, StoreError};
use sqlx::{Row, Sqlite, query::Query, sqlite::SqliteArguments, sqlite::SqliteRow};

use crate::{
    SqliteStore,
    error::{failed, not_read},
    store::row_limit,
};

const RECORD: &str = "
    INSERT INTO revento_deletions (
        envelope_id, event_id, organization_id, occurred_at, deadline_at, reason, reminded_at, done_at, note)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
/// Not `*`: see the statements of the tokens.
const DUTY: &str = "
    SELECT envelope_id, event_id, organization_id, occurred_at, deadline_at, reason, reminded_at, done_at, note
    FROM revento_deletions WHERE envelope_id = ?";
const OPEN: &str = "
    SELECT envelope_id, event_id, organization_id, occurred_at, deadline_at, reason, reminded_at, done_at, note
    FROM revento_deletions WHERE done_at IS NULL ORDER BY deadline_at, envelope_id LIMIT ?";
const REMINDED: &str =
    "UPDATE revento_deletions SET reminded_at = ?2 WHERE envelope_id = ?1 AND done_at IS NULL";
const SETTLE: &str =
    "UPDATE revento_deletions SET done_at = ?2, note = ?3 WHERE envelope_id = ?1 AND done_at IS NULL";

/// For the test of the query plans.
#[cfg(test)]
pub(crate) const QUESTIONS: &[(&str, &str)] = &[
    ("duty", DUTY),
    ("open_duties", OPEN),
    ("reminded", REMINDED),
    ("settle", SETTLE),
];

#[async_trait]
impl DeletionStore for SqliteStore {
    async fn record(&self, duty: &DeletionDuty) -> Result<bool, StoreError> {
        let proof = duty.done.as_ref();
        let query = sqlx::query(RECORD)
            .bind(duty.envelope_id.as_str())
            .bind(duty.event_id.as_ref().map(|id| id.as_str()))
            .bind(duty.organization_id.as_ref().map(|id| id.as_str()))
            .bind(duty.occurred_at.unix_micros())
            .bind(duty.deadline_at.unix_micros())
            .bind(duty.reason.as_deref())
            .bind(duty.reminded_at.map(Timestamp::unix_micros))
            .bind(proof.map(|proof| proof.at.unix_micros()))
            .bind(proof.map(|proof| proof.note.as_str()));
        self.change(query)
            .await
            .map_err(failed("keeping a duty to delete"))
    }

    async fn duty(&self, envelope_id: &EnvelopeId) -> Result<Option<DeletionDuty>, StoreError> {
        let query = sqlx::query(DUTY).bind(envelope_id.as_str());
        let row = query.fetch_optional(&self.readers).await;
        row.and_then(|row| row.as_ref().map(read).transpose())
            .map_err(not_read("looking a duty to delete up"))
    }

    async fn open_duties(&self, limit: usize) -> Result<Vec<DeletionDuty>, StoreError> {
        let query = sqlx::query(OPEN).bind(row_limit(limit));
        let rows = query.fetch_all(&self.readers).await;
        rows.and_then(|rows| rows.iter().map(read).collect())
            .map_err(not_read("listing what is to be deleted"))
    }

    async fn reminded(&self, envelope_id: &EnvelopeId, at: Timestamp) -> Result<bool, StoreError> {
        let query = sqlx::query(REMINDED)
            .bind(envelope_id.as_str())
            .bind(at.unix_micros());
        self.change(query).await.map_err(failed("noting a reminder"))
    }

    async fn settle(&self, envelope_id: &EnvelopeId, proof: &DeletionProof) -> Result<bool, StoreError> {
        let query = sqlx::query(SETTLE)
            .bind(envelope_id.as_str())
            .bind(proof.at.unix_micros())
            .bind(proof.note.as_str());
        self.change(query).await.map_err(failed("noting a deletion"))
    }
}

impl SqliteStore {
    /// Whether a row was changed.
    async fn change(&self, query: Query<'_, Sqlite, SqliteArguments>) -> Result<bool, sqlx::Error> {
        let mut tx = self.write().await?;
        let changed = query.execute(&mut *tx).await?.rows_affected() == 1;
        tx.commit().await?;
        Ok(changed)
    }
}

fn read(row: &SqliteRow) -> Result<DeletionDuty, sqlx::Error> {
    let text = |column: &str| row.try_get::<Option<String>, _>(column);
    let time = |column: &str| row.try_get(column).map(Timestamp::from_unix_micros);
    let maybe = |column: &str| {
        row.try_get::<Option<i64>, _>(column)
            .map(|micros| micros.map(Timestamp::from_unix_micros))
    };
    let note = text("note")?.unwrap_or_default();
    Ok(DeletionDuty {
        envelope_id: row.try_get::<String, _>("envelope_id")?.into(),
        event_id: text("event_id")?.map(Into::into),
        organization_id: text("organization_id")?.map(Into::into),
        occurred_at: time("occurred_at")?,
        deadline_at: time("deadline_at")?,
        reason: text("reason")?,
        reminded_at: maybe("reminded_at")?,
        done: maybe("done_at")?.map(|at| DeletionProof { at, note }),
    })
}
