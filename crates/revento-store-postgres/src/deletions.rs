//! [`DeletionStore`] on PostgreSQL.

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};
use revento_store::{DeletionDuty, DeletionProof, DeletionStore, StoreError, columns};

use crate::{
    PostgresStore,
    call::Call,
    error::{Failure, failed, not_read},
    record::{self, Row},
    store::row_limit,
    text::{escape, indexed},
};

const RECORD: &str = "
    INSERT INTO {schema}.revento_deletions (
        envelope_id, event_id, organization_id, occurred_at, deadline_at, reason, reminded_at, done_at, note,
        long_envelope_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING";
/// The columns that [`columns::read_duty`] reads.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT coalesce(d.long_envelope_id, d.envelope_id) AS envelope_id, event_id, organization_id, occurred_at,
             deadline_at, reason, reminded_at, done_at, note
             FROM {schema}.revento_deletions AS d ",
            $rest
        )
    };
}

const DUTY: &str = select!("WHERE d.envelope_id = $1");
const OPEN: &str =
    select!("WHERE done_at IS NULL ORDER BY deadline_at, d.envelope_id COLLATE \"C\" LIMIT $1");
const MARK_REMINDED: &str =
    "UPDATE {schema}.revento_deletions SET reminded_at = $2 WHERE envelope_id = $1 AND done_at IS NULL";
const MARK_DELETED: &str = "UPDATE {schema}.revento_deletions SET done_at = $2, note = $3 WHERE envelope_id = $1 AND done_at IS NULL";

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
        let call = record::bind(Call::once(RECORD), columns::of_duty(duty));
        self.change(call).await.map_err(failed("storing a deletion duty"))
    }

    async fn duty(&self, envelope_id: &EnvelopeId) -> Result<Option<DeletionDuty>, StoreError> {
        let call = Call::new(DUTY).bind(indexed(envelope_id.as_str()));
        self.read_duties(call)
            .await
            .map(|mut duties| duties.pop())
            .map_err(not_read("loading a deletion duty"))
    }

    async fn open_duties(&self, limit: usize) -> Result<Vec<DeletionDuty>, StoreError> {
        let call = Call::new(OPEN).bind(row_limit(limit));
        self.read_duties(call)
            .await
            .map_err(not_read("listing open deletion duties"))
    }

    async fn mark_reminded(&self, envelope_id: &EnvelopeId, at: Timestamp) -> Result<bool, StoreError> {
        let call = Call::once(MARK_REMINDED)
            .bind(indexed(envelope_id.as_str()))
            .bind(at.unix_micros());
        self.change(call).await.map_err(failed("storing a reminder"))
    }

    async fn mark_deleted(
        &self,
        envelope_id: &EnvelopeId,
        proof: &DeletionProof,
    ) -> Result<bool, StoreError> {
        let call = Call::once(MARK_DELETED)
            .bind(indexed(envelope_id.as_str()))
            .bind(proof.at.unix_micros())
            .bind(escape(&proof.note));
        self.change(call)
            .await
            .map_err(failed("storing the proof of a deletion"))
    }
}

impl PostgresStore {
    /// Whether a row was changed.
    async fn change(&self, call: Call) -> Result<bool, Failure> {
        Ok(self.call(call).await?.written == 1)
    }

    async fn read_duties(&self, call: Call) -> Result<Vec<DeletionDuty>, Failure> {
        let rows = self.rows(call).await?;
        let read = |row| columns::read_duty(&Row(row));
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }
}
