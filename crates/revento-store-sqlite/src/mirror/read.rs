//! Loads and lists rows.

use std::collections::BTreeSet;

use revento_core::EventId;
use revento_mirror::store::{
    Answer, Condition, Loaded, Mark, ResourceKind, Row, RowKey, RowQuery, RowVersion, Stamp, StoredRow,
};
use sqlx::{QueryBuilder, Row as _, Sqlite, sqlite::SqliteRow};

use super::{SqliteMirror, events::event, write::CHUNK};
use crate::{error::unreadable, store::row_limit};

/// The columns of a row `r` and its mark `m`.
const COLUMNS: &str =
    "r.kind, r.id, r.version, r.json, r.answers, r.whole_as_of, r.part_as_of, r.missing_in, m.pass, m.as_of";
const MARK: &str = "
    LEFT JOIN revento_mirror_marks AS m ON m.event_id = r.event_id AND m.kind = r.kind AND m.id = r.id";

impl SqliteMirror {
    /// The event and the rows are of one moment: they come from one statement, or of many keys from one transaction.
    pub(super) async fn load_rows(&self, event_id: &EventId, keys: &[RowKey]) -> Result<Loaded, sqlx::Error> {
        let keys: BTreeSet<_> = keys.iter().collect();
        let keys: Vec<&RowKey> = keys.into_iter().collect();
        if keys.len() <= CHUNK {
            let mut select = select_rows(event_id, &keys);
            return loaded(&select.build().fetch_all(&self.store.readers).await?);
        }
        let mut reading = self.store.readers.begin().await?;
        let mut all = Loaded {
            event: None,
            rows: Vec::with_capacity(keys.len()),
        };
        for keys in keys.chunks(CHUNK) {
            let found = select_rows(event_id, keys)
                .build()
                .fetch_all(&mut *reading)
                .await?;
            let Loaded { event, rows } = loaded(&found)?;
            all.event = event;
            all.rows.extend(rows);
        }
        reading.rollback().await?;
        Ok(all)
    }

    pub(super) async fn list_rows(&self, query: &RowQuery) -> Result<Vec<StoredRow>, sqlx::Error> {
        let mut sql = QueryBuilder::<Sqlite>::new(format!(
            "SELECT {COLUMNS} FROM revento_mirror_rows AS r {MARK} WHERE r.event_id = "
        ));
        sql.push_bind(query.event_id.as_str());
        sql.push(" AND r.kind = ").push_bind(query.kind.as_str());
        if let Some(after) = &query.after {
            sql.push(" AND r.id > ").push_bind(&**after);
        }
        for condition in &query.conditions {
            push_condition(&mut sql, query, condition);
        }
        sql.push(" ORDER BY r.id LIMIT ")
            .push_bind(row_limit(query.limit));
        let found = sql.build().fetch_all(&self.store.readers).await?;
        found.iter().map(stored_row).collect()
    }
}

/// The event, with those of the rows that exist.
fn select_rows<'k>(event_id: &'k EventId, keys: &[&'k RowKey]) -> QueryBuilder<Sqlite> {
    let mut sql = QueryBuilder::<Sqlite>::new("WITH k (kind, id) AS (");
    if keys.is_empty() {
        sql.push("SELECT NULL, NULL");
    } else {
        push_keys(&mut sql, keys.iter().copied());
    }
    sql.push(format!(
        ") SELECT e.event_id, e.epoch, e.progress, e.wished_at, e.last_change, {COLUMNS}
        FROM revento_mirror_events AS e CROSS JOIN k
        LEFT JOIN revento_mirror_rows AS r ON r.event_id = e.event_id AND r.kind = k.kind AND r.id = k.id
        {MARK} WHERE e.event_id = "
    ));
    sql.push_bind(event_id.as_str());
    sql
}

fn loaded(found: &[SqliteRow]) -> Result<Loaded, sqlx::Error> {
    let event = found.first().map(event).transpose()?;
    let mut rows = Vec::new();
    for row in found {
        if row.try_get::<Option<&str>, _>("id")?.is_some() {
            rows.push(stored_row(row)?);
        }
    }
    Ok(Loaded { event, rows })
}

/// `VALUES (kind, id), …`
pub(super) fn push_keys<'k>(sql: &mut QueryBuilder<Sqlite>, keys: impl IntoIterator<Item = &'k RowKey>) {
    sql.push_values(keys, |mut values, key| {
        values.push_bind(key.kind.as_str()).push_bind(&*key.id);
    });
}

fn push_condition(sql: &mut QueryBuilder<Sqlite>, query: &RowQuery, condition: &Condition) {
    // Few rows have an answer, so this begins with the answers.
    let push_answers = |sql: &mut QueryBuilder<Sqlite>, question: &str| {
        sql.push(" AND r.id IN (SELECT id FROM revento_mirror_answers WHERE event_id = ");
        sql.push_bind(query.event_id.as_str());
        sql.push(" AND kind = ").push_bind(query.kind.as_str());
        sql.push(" AND question = ").push_bind(question);
    };
    match condition {
        Condition::Field(field, value) => {
            sql.push(format!(" AND r.kind = 'participant' AND r.{} = ", field.as_str()));
            sql.push_bind(&**value);
        }
        Condition::Answer { question, value } => {
            push_answers(sql, question);
            sql.push(" AND value = ").push_bind(&**value).push(")");
        }
        Condition::Answered(question) => {
            push_answers(sql, question);
            sql.push(")");
        }
        Condition::Incomplete => {
            sql.push(" AND r.whole_as_of IS NULL");
        }
        Condition::NotShownBy(pass) => {
            sql.push(" AND m.pass IS NOT ").push_bind(*pass);
        }
        // A condition of a later version, which this one cannot keep: no row satisfies it.
        _ => {
            sql.push(" AND FALSE");
        }
    }
}

fn stored_row(row: &SqliteRow) -> Result<StoredRow, sqlx::Error> {
    let stamp = |column: &str| {
        row.try_get::<Option<i64>, _>(column)
            .map(|at| at.map(Stamp::from_number))
    };
    let pass: Option<i64> = row.try_get("pass")?;
    let mark = match (pass, stamp("as_of")?) {
        (Some(pass), Some(as_of)) => Some(Mark { pass, as_of }),
        _ => None,
    };
    Ok(StoredRow {
        row: Row {
            kind: kind(row.try_get("kind")?)?,
            id: row.try_get("id")?,
            json: row.try_get("json")?,
            answers: Answer::list_from_json(row.try_get("answers")?).ok_or_else(|| unreadable("answers"))?,
            whole_as_of: stamp("whole_as_of")?,
            part_as_of: stamp("part_as_of")?,
            missing_in: row.try_get("missing_in")?,
        },
        version: RowVersion(row.try_get("version")?),
        mark,
    })
}

pub(super) fn kind(name: &str) -> Result<ResourceKind, sqlx::Error> {
    ResourceKind::from_name(name).ok_or_else(|| unreadable("kind"))
}
