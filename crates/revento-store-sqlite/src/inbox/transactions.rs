//! Calls of several statements, each in one transaction.

use revento_core::{EnvelopeId, Timestamp};
use revento_store::{
    BuriedDelivery, DeliveryState, InsertOutcome, LeasedDelivery, NewDelivery, RequeueAttempts,
    RequeueOutcome, columns,
};
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{
    job::Insert,
    sql::{KNOWN, REVIVE, STATE},
};
use crate::{SqliteStore, error::unreadable, hash, record::Row};

/// How many rows a slice has. With a million rows in the table, a slice takes a few milliseconds.
const SLICE: i64 = 256;

impl SqliteStore {
    /// Runs a statement on everything before a time, in slices that are transactions of their own. Other calls get their turn between
    /// two slices. Returns how many rows it changed.
    pub(super) async fn in_slices(&self, sql: &'static str, before: Timestamp) -> Result<u64, sqlx::Error> {
        let mut changed = 0;
        loop {
            let mut turn = self.writer.turn().await?;
            let slice = sqlx::query(sql).bind(before.unix_micros()).bind(SLICE);
            let slice = slice.execute(&mut *turn).await?.rows_affected();
            turn.end();
            changed += slice;
            if slice < SLICE.cast_unsigned() {
                return Ok(changed);
            }
        }
    }

    pub(super) async fn requeue_buried(
        &self,
        envelope_id: &EnvelopeId,
        now: Timestamp,
        attempts: RequeueAttempts,
    ) -> Result<RequeueOutcome, sqlx::Error> {
        let envelope_hash = hash::of_envelope(envelope_id.as_str());
        let mut tx = self.write().await?;
        if revive(&mut tx, &envelope_hash, now, attempts, None).await? {
            tx.commit().await?;
            return Ok(RequeueOutcome::Requeued);
        }
        let state: Option<String> = sqlx::query_scalar(STATE)
            .bind(envelope_hash.as_str())
            .fetch_optional(&mut *tx)
            .await?;
        Ok(match state.as_deref().map(read_state).transpose()? {
            Some(DeliveryState::Buried) => RequeueOutcome::Expunged,
            _ => RequeueOutcome::NotBuried,
        })
    }
}

/// The outcome for a delivery that a batch did not insert, because its envelope id is known. It has a transaction of its own.
pub(super) async fn insert_known(
    connection: &mut SqliteConnection,
    insert: &Insert,
) -> Result<InsertOutcome, sqlx::Error> {
    let delivery = &insert.delivery;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
    let (state, other_body): (String, bool) = sqlx::query_as(KNOWN)
        .bind(insert.envelope_hash.as_str())
        .bind(delivery.body_digest.as_slice())
        .fetch_one(&mut *connection)
        .await?;
    let state = read_state(&state)?;
    let id = insert.envelope_hash.as_str();
    let attempts = RequeueAttempts::Full;
    // Not if the attempt was not signed after the burial.
    let is_requeued = state == DeliveryState::Buried
        && revive(connection, id, delivery.received_at, attempts, Some(delivery)).await?;
    sqlx::query("COMMIT").execute(connection).await?;
    Ok(match is_requeued {
        true => InsertOutcome::Requeued { other_body },
        false => InsertOutcome::Known { state, other_body },
    })
}

/// Queues a buried delivery again as the newest one, with the body of the replay if this is a replay.
/// `false` if it is not buried, if there is no body, or if the replay was not signed after the burial.
async fn revive(
    connection: &mut SqliteConnection,
    envelope_hash: &str,
    now: Timestamp,
    attempts: RequeueAttempts,
    replay: Option<&NewDelivery>,
) -> Result<bool, sqlx::Error> {
    let update = sqlx::query(REVIVE)
        .bind(envelope_hash)
        .bind(now.unix_micros())
        .bind(replay.map(|replay| replay.body.as_bytes()))
        .bind(replay.map(|replay| replay.body_digest.as_slice()))
        .bind(attempts == RequeueAttempts::Single)
        .bind(replay.map(|replay| replay.signed_at.unix_micros()));
    Ok(update.execute(connection).await?.rows_affected() == 1)
}

pub(super) fn read_state(text: &str) -> Result<DeliveryState, sqlx::Error> {
    DeliveryState::from_name(text).ok_or_else(|| unreadable("state"))
}

/// A row as it was, with the fence that it gets, as the delivery that leasing it makes.
pub(super) fn read_leased(row: &SqliteRow) -> Result<LeasedDelivery, sqlx::Error> {
    let attempts: u32 = row.try_get("attempt")?;
    columns::read_leased(
        &Row(row),
        attempts.saturating_add(1),
        row.try_get("single_attempt")?,
    )
}

pub(super) fn read_buried(row: &SqliteRow) -> Result<BuriedDelivery, sqlx::Error> {
    columns::read_buried(&Row(row), row.try_get("attempt")?, row.try_get("expunged")?)
}
