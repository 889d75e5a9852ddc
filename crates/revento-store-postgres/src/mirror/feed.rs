//! The change feed, counts, and the wipe.

use revento_core::{EventId, Timestamp};
use revento_mirror::store::{ChangeContent, RowCounts, RowKey, StoredChange, StoredChanges};
use sqlx::{Row as _, postgres::PgRow};

use super::{PostgresMirror, read::kind, session::Statement};
use crate::{
    error::Failure,
    store::row_limit,
    text::{indexed, unescape},
};

/// The state of the feed, and its entries if there are any.
const CHANGES: &str = "
    SELECT e.forgotten_to, c.position, c.at, c.kind, c.id, c.before, c.after
    FROM {schema}.revento_mirror_events AS e LEFT JOIN (
        SELECT * FROM {schema}.revento_mirror_changes WHERE event_id = $1 AND position > $2 ORDER BY position LIMIT $3) AS c ON TRUE
    WHERE e.event_id = $1 ORDER BY c.position";
/// Up to before the first entry that stays.
const FORGET: &str = "
    WITH forgotten AS (
        SELECT e.event_id, coalesce((
            SELECT c.position - 1 FROM {schema}.revento_mirror_changes AS c
            WHERE c.event_id = e.event_id AND c.at >= $1 ORDER BY c.position LIMIT 1), e.last_change) AS until
        FROM {schema}.revento_mirror_events AS e
        WHERE EXISTS (SELECT FROM {schema}.revento_mirror_changes AS c WHERE c.event_id = e.event_id AND c.at < $1)
    ), noted AS (
        UPDATE {schema}.revento_mirror_events AS e SET forgotten_to = greatest(e.forgotten_to, forgotten.until)
        FROM forgotten WHERE e.event_id = forgotten.event_id RETURNING e.event_id
    )
    DELETE FROM {schema}.revento_mirror_changes AS c USING forgotten, noted
    WHERE c.event_id = forgotten.event_id AND noted.event_id = c.event_id AND c.position <= forgotten.until AND c.at < $1";
const COUNT: &str = "
    SELECT r.kind::TEXT AS kind, count(*) AS deleted FROM {schema}.revento_mirror_rows AS r WHERE r.event_id = $1 GROUP BY r.kind
    UNION ALL SELECT '+answers', count(*) FROM {schema}.revento_mirror_answers AS a WHERE a.event_id = $1
    UNION ALL SELECT '+marks', count(*) FROM {schema}.revento_mirror_marks AS m WHERE m.event_id = $1
    UNION ALL SELECT '+changes', count(*) FROM {schema}.revento_mirror_changes AS c WHERE c.event_id = $1";
const WIPE: &str = "SELECT kind, deleted FROM {schema}.revento_mirror_wipe($1, $2, $3)";

impl PostgresMirror {
    pub(super) async fn list_changes(
        &self,
        event_id: &EventId,
        after: i64,
        limit: usize,
    ) -> Result<StoredChanges, Failure> {
        let list = Statement::new(CHANGES).bind(indexed(event_id.as_str()));
        let rows = self.run(list.bind(after).bind(row_limit(limit))).await?.rows;
        let forgotten_to = rows.first().map(|row| row.try_get("forgotten_to")).transpose()?;
        let changes = rows.iter().filter_map(|row| change(row).transpose());
        Ok(StoredChanges {
            changes: changes.collect::<Result<_, _>>()?,
            forgotten_to: forgotten_to.unwrap_or(0),
        })
    }

    pub(super) async fn forget_old_changes(&self, before: Timestamp) -> Result<u64, Failure> {
        let forget = Statement::new(FORGET).bind(before.unix_micros());
        Ok(self.run(forget).await?.written)
    }

    pub(super) async fn count_rows(&self, event_id: &EventId) -> Result<RowCounts, Failure> {
        let count = Statement::new(COUNT).bind(indexed(event_id.as_str()));
        counts(&self.run(count).await?.rows)
    }

    pub(super) async fn wipe_event(
        &self,
        event_id: &EventId,
        epoch: i64,
        at: Timestamp,
    ) -> Result<Option<RowCounts>, Failure> {
        let wipe = Statement::new(WIPE).bind(indexed(event_id.as_str())).bind(epoch);
        let rows = self.run(wipe.bind(at.unix_micros())).await?.rows;
        // There is always the number of answers.
        (!rows.is_empty()).then(|| counts(&rows)).transpose()
    }
}

fn counts(rows: &[PgRow]) -> Result<RowCounts, Failure> {
    let mut counts = RowCounts::default();
    for row in rows {
        let number = u64::try_from(row.try_get::<i64, _>("deleted")?).unwrap_or(0);
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
fn change(row: &PgRow) -> Result<Option<StoredChange>, sqlx::Error> {
    let text = |column: &str| {
        let text: Option<String> = row.try_get(column)?;
        Ok::<_, sqlx::Error>(text.map(|text| unescape(text).into_boxed_str()))
    };
    let Some(position) = row.try_get("position")? else {
        return Ok(None);
    };
    let content = match row.try_get::<Option<&str>, _>("kind")? {
        None => ChangeContent::Wiped,
        Some(name) => ChangeContent::Row {
            key: RowKey {
                kind: kind(name)?,
                id: text("id")?.unwrap_or_default(),
            },
            before: text("before")?,
            after: text("after")?,
        },
    };
    Ok(Some(StoredChange {
        position,
        at: Timestamp::from_unix_micros(row.try_get("at")?),
        content,
    }))
}
