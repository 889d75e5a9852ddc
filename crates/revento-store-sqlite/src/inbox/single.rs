//! Jobs that are alone in their transaction: one statement each.

use revento_store::{InsertOutcome, NewDelivery};
use sqlx::{Row as _, Sqlite, query::Query, sqlite::SqliteArguments};

use super::job::{Finish, Insert};
use crate::writer::Turn;

/// The row says whether the delivery id is known. Without a row, the envelope id is.
const INSERT: &str = "
    INSERT INTO revento_deliveries (
        envelope_hash, delivery_hash, envelope_id, delivery_id, event_type, ordering_key, occurred_at, received_at,
        digest, body, state, at, behind, attempt, fence)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'queued', ?8,
        ?6 <> '' AND EXISTS (
            SELECT 1 FROM revento_deliveries AS other
            WHERE other.ordering_key = ?6 AND other.ordering_key <> '' AND other.state IN ('queued', 'leased')),
        0, 0)
    ON CONFLICT (envelope_hash) DO NOTHING
    RETURNING EXISTS (
        SELECT 1 FROM revento_deliveries AS other
        WHERE other.delivery_hash = ?2 AND other.delivery_id = ?4 AND other.envelope_hash <> ?1) AS reused";
const FINISH: &str = "
    UPDATE revento_deliveries SET state = ?3, at = ?4, error = ?5, body = iif(?3 = 'done', NULL, body)
    WHERE envelope_hash = ?1 AND state = 'leased' AND fence = ?2";

/// For the test of the query plans.
#[cfg(test)]
pub(crate) const QUERIES: &[(&str, &str)] = &[("insert", INSERT), ("finish", FINISH)];

/// `None` if the envelope id is known; then nothing has changed.
pub(super) async fn insert(turn: &mut Turn, insert: &Insert) -> Result<Option<InsertOutcome>, sqlx::Error> {
    let rows = bind_insert(sqlx::query(INSERT), Some(insert))
        .fetch_all(&mut **turn)
        .await?;
    let reused = rows.first().map(|row| row.try_get::<bool, _>(0)).transpose()?;
    Ok(reused.map(|delivery_id_reused| InsertOutcome::New { delivery_id_reused }))
}

/// Whether the lease was held.
pub(super) async fn finish(turn: &mut Turn, finish: &Finish) -> Result<bool, sqlx::Error> {
    let finish = sqlx::query(FINISH)
        .bind(finish.envelope_hash.as_str())
        .bind(finish.fence)
        .bind(finish.state.as_str())
        .bind(finish.at.unix_micros())
        .bind(finish.error.as_deref());
    Ok(finish.execute(&mut **turn).await?.rows_affected() == 1)
}

/// Binds the ten values of a new row; `NULL`s for none.
pub(super) fn bind_insert<'q>(
    query: Query<'q, Sqlite, SqliteArguments>,
    insert: Option<&'q Insert>,
) -> Query<'q, Sqlite, SqliteArguments> {
    let value = |read: fn(&NewDelivery) -> &str| insert.map(|insert| read(&insert.delivery));
    query
        .bind(insert.map(|insert| insert.envelope_hash.as_str()))
        .bind(insert.map(|insert| insert.delivery_hash))
        .bind(value(|delivery| delivery.envelope_id.as_str()))
        .bind(value(|delivery| delivery.delivery_id.as_str()))
        .bind(value(|delivery| delivery.event_type.as_str()))
        .bind(value(|delivery| delivery.ordering_key.as_str()))
        .bind(insert.map(|insert| insert.delivery.occurred_at.unix_micros()))
        .bind(insert.map(|insert| insert.delivery.received_at.unix_micros()))
        .bind(insert.map(|insert| insert.delivery.body_digest.as_slice()))
        .bind(insert.map(|insert| insert.delivery.body.as_bytes()))
}
