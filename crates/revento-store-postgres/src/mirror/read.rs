//! Loads and lists rows.

use std::collections::BTreeSet;

use revento_core::EventId;
use revento_mirror::store::{
    Answer, Condition, Loaded, Mark, ResourceKind, Row, RowKey, RowQuery, RowVersion, Stamp, StoredRow,
};
use sqlx::{Row as _, postgres::PgRow};

use super::{
    PostgresMirror,
    events::{self, event},
    session::Statement,
};
use crate::{
    error::{Failure, unreadable},
    store::row_limit,
    text::{indexed, unescape},
};

/// The columns of a row `r` and its mark `m`.
const COLUMNS: &str = "r.kind, coalesce(r.long_id, r.id) AS id, r.version, r.json, r.answers, r.whole_as_of, r.part_as_of, r.missing_in,
    m.pass, m.as_of";
const MARK: &str = "LEFT JOIN {schema}.revento_mirror_marks AS m ON m.event_id = r.event_id AND m.kind = r.kind AND m.id = r.id";

impl PostgresMirror {
    /// The event and the rows come from one statement, and so are of one moment.
    pub(super) async fn load_rows(&self, event_id: &EventId, keys: &[RowKey]) -> Result<Loaded, Failure> {
        let keys: BTreeSet<_> = keys.iter().collect();
        let (kinds, ids): (Vec<_>, Vec<_>) = keys
            .iter()
            .map(|key| (key.kind.as_str(), indexed(&key.id)))
            .unzip();
        let event_columns = events::COLUMNS;
        let load = Statement::new(format!(
            "SELECT {event_columns}, {COLUMNS} FROM {{schema}}.revento_mirror_events AS e
            LEFT JOIN unnest($2::TEXT[], $3::TEXT[]) AS k (kind, id) ON TRUE
            LEFT JOIN {{schema}}.revento_mirror_rows AS r ON r.event_id = e.event_id AND r.kind = k.kind AND r.id = k.id
            {MARK} WHERE e.event_id = $1"
        ));
        let load = load.bind(indexed(event_id.as_str())).bind(kinds).bind(ids);
        let found = self.run(load).await?.rows;
        let event = found.first().map(event).transpose()?;
        let mut rows = Vec::new();
        for row in &found {
            if row.try_get::<Option<&str>, _>("kind")?.is_some() {
                rows.push(stored_row(row)?);
            }
        }
        Ok(Loaded { event, rows })
    }

    pub(super) async fn list_rows(&self, query: &RowQuery) -> Result<Vec<StoredRow>, Failure> {
        let mut sql = Statement::new(format!(
            "SELECT {COLUMNS} FROM {{schema}}.revento_mirror_rows AS r {MARK} WHERE r.event_id = "
        ));
        sql.push_bind(indexed(query.event_id.as_str()));
        sql.push(" AND r.kind = ").push_bind(query.kind.as_str());
        if let Some(after) = &query.after {
            sql.push(" AND r.id > ").push_bind(indexed(after));
        }
        for condition in &query.conditions {
            push_condition(&mut sql, query, condition);
        }
        sql.push(" ORDER BY r.id LIMIT ")
            .push_bind(row_limit(query.limit));
        let found = self.run(sql).await?.rows;
        found.iter().map(|row| Ok(stored_row(row)?)).collect()
    }
}

fn push_condition(sql: &mut Statement, query: &RowQuery, condition: &Condition) {
    let push_answers = |sql: &mut Statement, question: &str| {
        sql.push(" AND r.id IN (SELECT a.id FROM {schema}.revento_mirror_answers AS a WHERE a.event_id = ");
        sql.push_bind(indexed(query.event_id.as_str()));
        sql.push(" AND a.kind = ").push_bind(query.kind.as_str());
        sql.push(" AND a.question = ").push_bind(indexed(question));
    };
    match condition {
        Condition::Field(field, value) => {
            sql.push(" AND r.kind = 'participant' AND r.")
                .push(field.as_str())
                .push(" = ");
            sql.push_bind(indexed(value));
        }
        Condition::Answer { question, value } => {
            push_answers(sql, question);
            sql.push(" AND a.value = ").push_bind(indexed(value)).push(")");
        }
        Condition::Answered(question) => {
            push_answers(sql, question);
            sql.push(")");
        }
        Condition::Incomplete => {
            sql.push(" AND r.whole_as_of IS NULL");
        }
        Condition::NotShownBy(pass) => {
            sql.push(" AND m.pass IS DISTINCT FROM ").push_bind(*pass);
        }
        // A condition of a later version, which this one cannot keep: no row satisfies it.
        _ => {
            sql.push(" AND FALSE");
        }
    }
}

fn stored_row(row: &PgRow) -> Result<StoredRow, sqlx::Error> {
    let stamp = |column: &str| {
        row.try_get::<Option<i64>, _>(column)
            .map(|at| at.map(Stamp::from_number))
    };
    let text = |column: &str| {
        row.try_get::<String, _>(column)
            .map(|text| unescape(text).into_boxed_str())
    };
    let pass: Option<i64> = row.try_get("pass")?;
    let mark = match (pass, stamp("as_of")?) {
        (Some(pass), Some(as_of)) => Some(Mark { pass, as_of }),
        _ => None,
    };
    Ok(StoredRow {
        row: Row {
            kind: kind(row.try_get("kind")?)?,
            id: text("id")?,
            json: text("json")?,
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
