//! [`DeletionStore`] on MySQL.

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};
use revento_store::{
    DeletionDuty, DeletionProof, DeletionStore, StoreError,
    columns::{self, index_text},
};
use sqlx::mysql::MySqlRow;

use crate::{
    MySqlStore,
    call::Call,
    error::{Failure, failed, not_read},
    record::{self, Row},
    store::row_limit,
};

/// The last statement of a call that changes a duty: its row, if the call has written it.
macro_rules! then_written {
    ($change:literal, $call:literal) => {
        concat!(
            $change,
            "; SELECT 1 FROM {db}.revento_deletions WHERE envelope_id = $1 AND last_call = ",
            $call
        )
    };
}

const RECORD: &str = then_written!(
    "INSERT INTO {db}.revento_deletions (
        envelope_id, event_id, organization_id, occurred_at, deadline_at, reason, reminded_at, done_at, note,
        long_envelope_id, last_call)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON DUPLICATE KEY UPDATE last_call = last_call",
    "$11"
);
const MARK_REMINDED: &str = then_written!(
    "UPDATE {db}.revento_deletions SET reminded_at = $2, last_call = $3 WHERE envelope_id = $1 AND done_at IS NULL",
    "$3"
);
const MARK_DELETED: &str = then_written!(
    "UPDATE {db}.revento_deletions SET done_at = $2, note = $3, last_call = $4
    WHERE envelope_id = $1 AND done_at IS NULL",
    "$4"
);

/// The columns that [`columns::read_duty`] reads.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT occurred_at, COALESCE(long_envelope_id, envelope_id) AS envelope_id, event_id, organization_id,
             deadline_at, reason, reminded_at, done_at, note
             FROM {db}.revento_deletions AS d ",
            $rest
        )
    };
}

const DUTY: &str = select!("WHERE d.envelope_id = $1");
const OPEN: &str = select!("WHERE d.done_at IS NULL ORDER BY d.deadline_at, d.envelope_id LIMIT $1");

/// For the test of the query plans.
#[cfg(test)]
pub(crate) const QUERIES: &[(&str, &str)] = &[("duty", DUTY), ("open_duties", OPEN)];

#[async_trait]
impl DeletionStore for MySqlStore {
    async fn record(&self, duty: &DeletionDuty) -> Result<bool, StoreError> {
        let call = record::bind(Call::new(RECORD), columns::of_duty(duty)).bind(self.call_name());
        self.change(call).await.map_err(failed("storing a deletion duty"))
    }

    async fn duty(&self, envelope_id: &EnvelopeId) -> Result<Option<DeletionDuty>, StoreError> {
        let call = Call::reading(DUTY).bind(index_text(envelope_id.as_str()));
        self.read_duties(call)
            .await
            .map(|mut duties| duties.pop())
            .map_err(not_read("loading a deletion duty"))
    }

    async fn open_duties(&self, limit: usize) -> Result<Vec<DeletionDuty>, StoreError> {
        let call = Call::reading(OPEN).bind(row_limit(limit));
        self.read_duties(call)
            .await
            .map_err(not_read("listing open deletion duties"))
    }

    async fn mark_reminded(&self, envelope_id: &EnvelopeId, at: Timestamp) -> Result<bool, StoreError> {
        let call = Call::new(MARK_REMINDED)
            .bind(index_text(envelope_id.as_str()))
            .bind(at.unix_micros())
            .bind(self.call_name());
        self.change(call).await.map_err(failed("storing a reminder"))
    }

    async fn mark_deleted(
        &self,
        envelope_id: &EnvelopeId,
        proof: &DeletionProof,
    ) -> Result<bool, StoreError> {
        let call = Call::new(MARK_DELETED)
            .bind(index_text(envelope_id.as_str()))
            .bind(proof.at.unix_micros())
            .bind(&proof.note)
            .bind(self.call_name());
        self.change(call)
            .await
            .map_err(failed("storing the proof of a deletion"))
    }
}

impl MySqlStore {
    /// Whether the call has written its row.
    async fn change(&self, call: Call) -> Result<bool, Failure> {
        Ok(self.row(call).await?.is_some())
    }

    async fn read_duties(&self, call: Call) -> Result<Vec<DeletionDuty>, Failure> {
        let rows = self.rows(call).await?;
        let read = |row: &MySqlRow| columns::read_duty(&Row(row));
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }
}
