//! [`DeletionStore`] on PostgreSQL: one statement each.

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};
use revento_store::{DeletionDuty, DeletionProof, DeletionStore, StoreError, columns};
use sqlx::{Postgres, postgres::PgArguments, postgres::PgRow, query::Query};

use crate::{
    PostgresStore,
    error::{failed, not_read},
    record::{self, Row},
    store::row_limit,
    text::escape,
};

const RECORD: &str = "
    INSERT INTO revento_deletions (
        envelope_id, event_id, organization_id, occurred_at, deadline_at, reason, reminded_at, done_at, note)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
/// Not `*`: once prepared, it fails as soon as a newer version has added a column.
const DUTY: &str = "
    SELECT envelope_id, event_id, organization_id, occurred_at, deadline_at, reason, reminded_at, done_at, note
    FROM revento_deletions WHERE envelope_id = $1";
const OPEN: &str = "
    SELECT envelope_id, event_id, organization_id, occurred_at, deadline_at, reason, reminded_at, done_at, note
    FROM revento_deletions WHERE done_at IS NULL ORDER BY deadline_at, envelope_id COLLATE \"C\" LIMIT $1";
const MARK_REMINDED: &str =
    "UPDATE revento_deletions SET reminded_at = $2 WHERE envelope_id = $1 AND done_at IS NULL";
const MARK_DELETED: &str =
    "UPDATE revento_deletions SET done_at = $2, note = $3 WHERE envelope_id = $1 AND done_at IS NULL";

/// For the test of the query plans.
#[cfg(test)]
pub(crate) const QUERIES: &[(&str, &str)] = &[
    ("duty", DUTY),
    ("open_duties", OPEN),
    ("mark_reminded", MARK_REMINDED),
    ("mark_deleted", MARK_DELETED),
];

#[async_trait]
impl DeletionStore for PostgresStore {
    async fn record(&self, duty: &DeletionDuty) -> Result<bool, StoreError> {
        let query = record::bind(sqlx::query(RECORD), columns::of_duty(duty));
        self.change(query)
            .await
            .map_err(failed("keeping a duty to delete"))
    }

    async fn duty(&self, envelope_id: &EnvelopeId) -> Result<Option<DeletionDuty>, StoreError> {
        let query = sqlx::query(DUTY).bind(escape(envelope_id.as_str()));
        let row = query.fetch_optional(&self.pool).await;
        row.and_then(|row| row.as_ref().map(read).transpose())
            .map_err(not_read("looking a duty to delete up"))
    }

    async fn open_duties(&self, limit: usize) -> Result<Vec<DeletionDuty>, StoreError> {
        let query = sqlx::query(OPEN).bind(row_limit(limit));
        let rows = query.fetch_all(&self.pool).await;
        rows.and_then(|rows| rows.iter().map(read).collect())
            .map_err(not_read("listing what is to be deleted"))
    }

    async fn mark_reminded(&self, envelope_id: &EnvelopeId, at: Timestamp) -> Result<bool, StoreError> {
        let query = sqlx::query(MARK_REMINDED)
            .bind(escape(envelope_id.as_str()))
            .bind(at.unix_micros());
        self.change(query).await.map_err(failed("noting a reminder"))
    }

    async fn mark_deleted(
        &self,
        envelope_id: &EnvelopeId,
        proof: &DeletionProof,
    ) -> Result<bool, StoreError> {
        let query = sqlx::query(MARK_DELETED)
            .bind(escape(envelope_id.as_str()))
            .bind(proof.at.unix_micros())
            .bind(escape(&proof.note));
        self.change(query).await.map_err(failed("noting a deletion"))
    }
}

impl PostgresStore {
    /// Whether a row was changed.
    async fn change(&self, query: Query<'_, Postgres, PgArguments>) -> Result<bool, sqlx::Error> {
        Ok(query.execute(&self.pool).await?.rows_affected() == 1)
    }
}

fn read(row: &PgRow) -> Result<DeletionDuty, sqlx::Error> {
    columns::read_duty(&Row(row))
}
