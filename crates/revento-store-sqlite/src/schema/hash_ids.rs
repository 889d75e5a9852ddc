//! Version 10: the deliveries in a table with digests of their ids, which SQL cannot compute.

use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection, Transaction};

use crate::hash;

/// How many rows a statement copies.
const PAGE: usize = 256;

/// The next rows in the order of arrival.
const NEXT: &str = "
    SELECT rowid, arrival, envelope_id, delivery_id FROM revento_deliveries WHERE (arrival, rowid) > (?1, ?2)
    ORDER BY arrival, rowid LIMIT ?3";

/// A row, its arrival and its ids.
type OldRow = (i64, i64, String, String);

pub(super) async fn run(tx: &mut Transaction<'_, Sqlite>) -> Result<(), sqlx::Error> {
    let has_hashes =
        "SELECT count(*) FROM pragma_table_info('revento_deliveries') WHERE name = 'envelope_hash'";
    let has_hashes: i64 = sqlx::query_scalar(has_hashes).fetch_one(&mut **tx).await?;
    if has_hashes == 0 {
        sqlx::raw_sql(include_str!("10.sql")).execute(&mut **tx).await?;
        copy(tx).await?;
        sqlx::raw_sql(
            "DROP TABLE revento_deliveries; ALTER TABLE revento_deliveries_10 RENAME TO revento_deliveries",
        )
        .execute(&mut **tx)
        .await?;
    }
    let after = sqlx::raw_sql(include_str!("10-after.sql"));
    after.execute(&mut **tx).await.map(drop)
}

async fn copy(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let mut after = (i64::MIN, i64::MIN);
    loop {
        let rows: Vec<OldRow> = sqlx::query_as(NEXT)
            .bind(after.0)
            .bind(after.1)
            .bind(i64::try_from(PAGE).unwrap_or(i64::MAX))
            .fetch_all(&mut *connection)
            .await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = (last.1, last.0);
        copy_rows(connection, &rows).await?;
    }
}

async fn copy_rows(connection: &mut SqliteConnection, rows: &[OldRow]) -> Result<(), sqlx::Error> {
    let mut sql = String::from(
        "INSERT INTO revento_deliveries_10 (
            envelope_hash, delivery_hash, envelope_id, delivery_id, event_type, ordering_key, occurred_at, received_at,
            state, at, behind, attempt, fence, single_attempt, error, digest, body)
        SELECT h.column2, h.column3, d.envelope_id, d.delivery_id, d.event_type, d.ordering_key, d.occurred_at, d.received_at,
            d.state, d.at, d.behind, d.attempt, d.fence, d.single_attempt, d.error, d.digest, d.body
        FROM (VALUES (0, '', 0)",
    );
    for _ in rows {
        sql.push_str(", (?, ?, ?)");
    }
    sql.push_str(
        ") AS h JOIN revento_deliveries AS d ON d.rowid = h.column1 WHERE h.column2 <> '' ORDER BY d.arrival, d.rowid",
    );
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for (row, _, envelope_id, delivery_id) in rows {
        query = query
            .bind(row)
            .bind(hash::of_envelope(envelope_id))
            .bind(hash::of_delivery(delivery_id));
    }
    query.execute(connection).await.map(drop)
}
