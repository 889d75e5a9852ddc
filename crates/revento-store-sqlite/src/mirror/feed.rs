//! The change feed, counts, and the wipe.

use revento_core::{EventId, Timestamp};
use revento_mirror::store::{ChangeContent, RowCounts, RowKey, StoredChange, StoredChanges};
use sqlx::{Row as _, SqliteConnection, SqliteExecutor, sqlite::SqliteRow};

use super::{SqliteMirror, read::kind};
use crate::store::row_limit;

/// The state of the feed, and its entries if there are any.
const CHANGES: &str = "
    SELECT e.forgotten_to, c.position, c.at, c.kind, c.id, c.before, c.after
    FROM revento_mirror_events AS e LEFT JOIN (
        SELECT * FROM revento_mirror_changes WHERE event_id = ?1 AND position > ?2 ORDER BY position LIMIT ?3) AS c
    WHERE e.event_id = ?1 ORDER BY c.position";
/// Up to before the first entry that stays.
const FORGET: [&str; 2] = [
    "UPDATE revento_mirror_events SET forgotten_to = max(forgotten_to, coalesce(
        (SELECT position - 1 FROM revento_mirror_changes AS c
            WHERE c.event_id = revento_mirror_events.event_id AND c.at >= ?1 ORDER BY position LIMIT 1), last_change))
    WHERE EXISTS (SELECT 1 FROM revento_mirror_changes AS c WHERE c.event_id = revento_mirror_events.event_id AND c.at < ?1)",
    "DELETE FROM revento_mirror_changes WHERE at < ?1 AND position <= (
        SELECT forgotten_to FROM revento_mirror_events AS e WHERE e.event_id = revento_mirror_changes.event_id)",
];
const COUNT: &str = "
    SELECT kind, count(*) AS rows FROM revento_mirror_rows WHERE event_id = ?1 GROUP BY kind
    UNION ALL SELECT '+answers', count(*) FROM revento_mirror_answers WHERE event_id = ?1
    UNION ALL SELECT '+marks', count(*) FROM revento_mirror_marks WHERE event_id = ?1
    UNION ALL SELECT '+changes', count(*) FROM revento_mirror_changes WHERE event_id = ?1";
const IS_EPOCH: &str = "SELECT 1 FROM revento_mirror_events WHERE event_id = ? AND epoch = ?";
const DELETE: [&str; 4] = [
    "DELETE FROM revento_mirror_rows WHERE event_id = ?",
    "DELETE FROM revento_mirror_answers WHERE event_id = ?",
    "DELETE FROM revento_mirror_marks WHERE event_id = ?",
    "DELETE FROM revento_mirror_changes WHERE event_id = ?",
];
const FORGET_ALL: &str = "UPDATE revento_mirror_events SET forgotten_to = last_change, last_change = last_change + 1 WHERE event_id = ?";
const ADD_WIPED: &str = "
    INSERT INTO revento_mirror_changes (event_id, position, at)
    SELECT event_id, last_change, ?2 FROM revento_mirror_events WHERE event_id = ?1";

impl SqliteMirror {
    pub(super) async fn list_changes(
        &self,
        event_id: &EventId,
        after: i64,
        limit: usize,
    ) -> Result<StoredChanges, sqlx::Error> {
        let list = sqlx::query(CHANGES)
            .bind(event_id.as_str())
            .bind(after)
            .bind(row_limit(limit));
        let rows = list.fetch_all(&self.store.readers).await?;
        let forgotten_to = rows.first().map(|row| row.try_get("forgotten_to")).transpose()?;
        let changes = rows.iter().filter_map(|row| change(row).transpose());
        Ok(StoredChanges {
            changes: changes.collect::<Result<_, _>>()?,
            forgotten_to: forgotten_to.unwrap_or(0),
        })
    }

    pub(super) async fn forget_old_changes(&self, before: Timestamp) -> Result<u64, sqlx::Error> {
        let mut tx = self.store.write().await?;
        let mut forgotten = 0;
        for statement in FORGET {
            let statement = sqlx::query(statement).bind(before.unix_micros());
            forgotten = statement.execute(&mut *tx).await?.rows_affected();
        }
        tx.commit().await?;
        Ok(forgotten)
    }

    pub(super) async fn count_rows(&self, event_id: &EventId) -> Result<RowCounts, sqlx::Error> {
        count(&self.store.readers, event_id).await
    }

    pub(super) async fn wipe_event(
        &self,
        event_id: &EventId,
        epoch: i64,
        at: Timestamp,
    ) -> Result<Option<RowCounts>, sqlx::Error> {
        let mut tx = self.store.write().await?;
        let counts = wipe(&mut tx, event_id, epoch, at).await?;
        tx.commit().await?;
        if counts.is_some() {
            // The log has the earlier states of the pages.
            self.store.empty_log().await?;
        }
        Ok(counts)
    }
}

/// Nothing if the event is not known or has another epoch.
async fn wipe(
    tx: &mut SqliteConnection,
    event_id: &EventId,
    epoch: i64,
    at: Timestamp,
) -> Result<Option<RowCounts>, sqlx::Error> {
    let is_epoch = sqlx::query(IS_EPOCH).bind(event_id.as_str()).bind(epoch);
    if is_epoch.fetch_optional(&mut *tx).await?.is_none() {
        return Ok(None);
    }
    let counts = count(&mut *tx, event_id).await?;
    for statement in DELETE.into_iter().chain([FORGET_ALL]) {
        let statement = sqlx::query(statement).bind(event_id.as_str());
        statement.execute(&mut *tx).await?;
    }
    let wiped = sqlx::query(ADD_WIPED).bind(event_id.as_str());
    wiped.bind(at.unix_micros()).execute(&mut *tx).await?;
    Ok(Some(counts))
}

async fn count(executor: impl SqliteExecutor<'_>, event_id: &EventId) -> Result<RowCounts, sqlx::Error> {
    let rows = sqlx::query(COUNT)
        .bind(event_id.as_str())
        .fetch_all(executor)
        .await?;
    let mut counts = RowCounts::default();
    for row in rows {
        let number = u64::try_from(row.try_get::<i64, _>("rows")?).unwrap_or(0);
        match row.try_get::<&str, _>("kind")? {
            "+answers" => counts.answers = number,
            "+marks" => counts.marks = number,
            "+changes" => counts.changes = number,
            name => counts.rows.push((kind(name)?, number)),
        }
    }
    Ok(counts)
}

/// `None` if the feed is empty, so that the row has its state only.
fn change(row: &SqliteRow) -> Result<Option<StoredChange>, sqlx::Error> {
    let Some(position) = row.try_get("position")? else {
        return Ok(None);
    };
    let content = match row.try_get::<Option<&str>, _>("kind")? {
        None => ChangeContent::Wiped,
        Some(name) => ChangeContent::Row {
            key: RowKey {
                kind: kind(name)?,
                id: row.try_get("id")?,
            },
            before: row.try_get("before")?,
            after: row.try_get("after")?,
        },
    };
    Ok(Some(StoredChange {
        position,
        at: Timestamp::from_unix_micros(row.try_get("at")?),
        content,
    }))
}
