//! [`DeletionStore`] on SQLite: one statement each.

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};
use revento_store::{DeletionDuty, DeletionProof, DeletionStore, StoreError, columns};
use sqlx::{Sqlite, query::Query, sqlite::SqliteArguments, sqlite::SqliteRow};

use crate::{
    SqliteStore,
    error::{failed, not_read},
    record::{self, Row},
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
const MARK_REMINDED: &str =
    "UPDATE revento_deletions SET reminded_at = ?2 WHERE envelope_id = ?1 AND done_at IS NULL";
const MARK_DELETED: &str =
    "UPDATE revento_deletions SET done_at = ?2, note = ?3 WHERE envelope_id = ?1 AND done_at IS NULL";

/// For the test of the query plans.
#[cfg(test)]
pub(crate) const QUERIES: &[(&str, &str)] = &[
    ("duty", DUTY),
    ("open_duties", OPEN),
    ("mark_reminded", MARK_REMINDED),
    ("mark_deleted", MARK_DELETED),
];

#[async_trait]
impl DeletionStore for SqliteStore {
    async fn record(&self, duty: &DeletionDuty) -> Result<bool, StoreError> {
        let query = record::bind(sqlx::query(RECORD), columns::of_duty(duty));
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

    async fn mark_reminded(&self, envelope_id: &EnvelopeId, at: Timestamp) -> Result<bool, StoreError> {
        let query = sqlx::query(MARK_REMINDED)
            .bind(envelope_id.as_str())
            .bind(at.unix_micros());
        self.change(query).await.map_err(failed("noting a reminder"))
    }

    async fn mark_deleted(
        &self,
        envelope_id: &EnvelopeId,
        proof: &DeletionProof,
    ) -> Result<bool, StoreError> {
        let query = sqlx::query(MARK_DELETED)
            .bind(envelope_id.as_str())
            .bind(proof.at.unix_micros())
            .bind(proof.note.as_str());
        self.change(query).await.map_err(failed("noting a deletion"))
    }
}

impl SqliteStore {
    /// Whether a row was changed.
    async fn change(&self, query: Query<'_, Sqlite, SqliteArguments>) -> Result<bool, sqlx::Error> {
        let mut turn = self.writer.turn().await?;
        let changed = query.execute(&mut *turn).await?.rows_affected() == 1;
        turn.end();
        Ok(changed)
    }
}

fn read(row: &SqliteRow) -> Result<DeletionDuty, sqlx::Error> {
    columns::read_duty(&Row(row))
}
