//! Judges and makes a write.

use std::{collections::BTreeMap, fmt::Write as _, sync::LazyLock};

use revento_mirror::store::{
    Answer, Marks, MirrorWrite, Row, RowKey, RowWrite, Stamp, TypedColumns, Wish, WriteOutcome,
};
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, query_builder::Separated};

use super::{
    SqliteMirror,
    read::{kind, push_keys},
};

const STATE: &str =
    "SELECT epoch, fence, last_version, last_change FROM revento_mirror_events WHERE event_id = ?";
const UPDATE: &str = "
    UPDATE revento_mirror_events SET last_version = ?2, last_change = ?3, progress = coalesce(?4, progress),
        wished_at = CASE ?5 WHEN 'keep' THEN wished_at WHEN 'clear' THEN NULL ELSE coalesce(wished_at, ?6) END,
        epoch = epoch + ?7
    WHERE event_id = ?1";
/// Beside the typed ones.
const COLUMNS: [&str; 9] = [
    "event_id",
    "kind",
    "id",
    "version",
    "json",
    "answers",
    "whole_as_of",
    "part_as_of",
    "missing_in",
];
/// What comes before and after the values of rows.
static UPSERT: LazyLock<(String, String)> = LazyLock::new(|| {
    let columns = || {
        COLUMNS
            .into_iter()
            .chain(TypedColumns::TEXTS)
            .chain(TypedColumns::INTEGERS)
    };
    let names: Vec<_> = columns().collect();
    let mut update = String::from(" ON CONFLICT (event_id, kind, id) DO UPDATE SET ");
    for (number, name) in columns().skip(3).enumerate() {
        let comma = if number == 0 { "" } else { ", " };
        // Writing to a text cannot fail.
        let _ = write!(update, "{comma}{name} = excluded.{name}");
    }
    (
        format!("INSERT INTO revento_mirror_rows ({}) ", names.join(", ")),
        update,
    )
});

/// What the judgement has read of the event.
struct Position {
    version: i64,
    change: i64,
}

impl SqliteMirror {
    pub(super) async fn write_rows(&self, write: &MirrorWrite) -> Result<WriteOutcome, sqlx::Error> {
        let mut tx = self.store.write().await?;
        let outcome = match judge(&mut tx, write).await? {
            Ok(position) => {
                let last_change = make(&mut tx, write, position).await?;
                WriteOutcome::Written { last_change }
            }
            Err(refused) => refused,
        };
        tx.commit().await?;
        Ok(outcome)
    }
}

async fn judge(
    tx: &mut SqliteConnection,
    write: &MirrorWrite,
) -> Result<Result<Position, WriteOutcome>, sqlx::Error> {
    let state = sqlx::query(STATE).bind(write.event_id.as_str());
    let Some(state) = state.fetch_optional(&mut *tx).await? else {
        return Ok(Err(WriteOutcome::OtherEpoch));
    };
    if state.try_get::<i64, _>("epoch")? != write.epoch {
        return Ok(Err(WriteOutcome::OtherEpoch));
    }
    let claimed: Option<i64> = state.try_get("fence")?;
    if write.fence.is_some_and(|fence| claimed != Some(fence.0)) {
        return Ok(Err(WriteOutcome::Fenced));
    }
    if !is_current(tx, write).await? {
        return Ok(Err(WriteOutcome::Conflict));
    }
    Ok(Ok(Position {
        version: state.try_get("last_version")?,
        change: state.try_get("last_change")?,
    }))
}

/// Whether each row has the version that the caller has loaded.
async fn is_current(tx: &mut SqliteConnection, write: &MirrorWrite) -> Result<bool, sqlx::Error> {
    let expected: BTreeMap<_, _> = write
        .rows
        .iter()
        .filter_map(|row| Some((row.key()?, row.before.as_ref().map(|before| before.version.0))))
        .collect();
    if expected.is_empty() {
        return Ok(true);
    }
    let mut sql = QueryBuilder::<Sqlite>::new("WITH k (kind, id) AS (");
    push_keys(&mut sql, expected.keys());
    sql.push(
        ") SELECT r.kind, r.id, r.version FROM k CROSS JOIN revento_mirror_rows AS r
        ON r.kind = k.kind AND r.id = k.id AND r.event_id = ",
    );
    sql.push_bind(write.event_id.as_str());
    let mut found = BTreeMap::new();
    for row in sql.build().fetch_all(tx).await? {
        let key = RowKey {
            kind: kind(row.try_get("kind")?)?,
            id: row.try_get("id")?,
        };
        found.insert(key, row.try_get::<i64, _>("version")?);
    }
    Ok(expected
        .iter()
        .all(|(key, version)| found.get(key) == version.as_ref()))
}

/// Makes the changes. Returns the position of the event's last change.
async fn make(
    tx: &mut SqliteConnection,
    write: &MirrorWrite,
    position: Position,
) -> Result<i64, sqlx::Error> {
    let event_id = write.event_id.as_str();
    let version = position.version.saturating_add(1);
    remove(tx, write).await?;
    let rows: Vec<&Row> = write.rows.iter().filter_map(|row| row.after.as_ref()).collect();
    let (insert, update) = &*UPSERT;
    for rows in rows.chunks(CHUNK) {
        let mut sql = QueryBuilder::<Sqlite>::new(insert);
        sql.push_values(rows, |values, row| push_row(values, event_id, row, version));
        sql.push(update).build().execute(&mut *tx).await?;
    }
    add_answers(tx, event_id, &rows).await?;
    if let Some(marks) = &write.marks {
        mark(tx, event_id, marks).await?;
    }
    let last_change = announce(tx, write, position.change).await?;
    let (wish, at) = match write.wish {
        Wish::Keep => ("keep", None),
        Wish::Since(at) => ("since", Some(at.unix_micros())),
        Wish::Clear => ("clear", None),
    };
    sqlx::query(UPDATE)
        .bind(event_id)
        .bind(version)
        .bind(last_change)
        .bind(write.progress.as_deref())
        .bind(wish)
        .bind(at)
        .bind(i64::from(write.ends_epoch))
        .execute(tx)
        .await?;
    Ok(last_change)
}

fn push_row(mut values: Separated<'_, Sqlite, &'static str>, event_id: &str, row: &Row, version: i64) {
    values.push_bind(event_id);
    values.push_bind(row.kind.as_str());
    values.push_bind(&*row.id);
    values.push_bind(version);
    values.push_bind(&*row.json);
    values.push_bind(Answer::list_to_json(&row.answers));
    values.push_bind(row.whole_as_of.map(Stamp::to_number));
    values.push_bind(row.part_as_of.map(Stamp::to_number));
    values.push_bind(row.missing_in);
    let TypedColumns { texts, integers } = TypedColumns::of(row);
    for text in texts {
        values.push_bind(text);
    }
    for integer in integers {
        values.push_bind(integer);
    }
}

/// Removes the answers of all rows that had some, and the rows that have no successor with their marks.
async fn remove(tx: &mut SqliteConnection, write: &MirrorWrite) -> Result<(), sqlx::Error> {
    let had_answers = |row: &RowWrite| {
        let before = row.before.as_ref();
        before.is_some_and(|before| !before.row.answers.is_empty())
    };
    let answered = keys(write, had_answers);
    let removed = keys(write, |row| row.after.is_none());
    for (table, keys) in [
        ("revento_mirror_answers", &answered),
        ("revento_mirror_rows", &removed),
        ("revento_mirror_marks", &removed),
    ] {
        if !keys.is_empty() {
            let mut sql = QueryBuilder::<Sqlite>::new(format!("DELETE FROM {table} WHERE event_id = "));
            sql.push_bind(write.event_id.as_str())
                .push(" AND (kind, id) IN (");
            push_keys(&mut sql, keys);
            sql.push(")").build().execute(&mut *tx).await?;
        }
    }
    Ok(())
}

/// The keys of those rows of a write.
fn keys(write: &MirrorWrite, is_meant: impl Fn(&RowWrite) -> bool) -> Vec<RowKey> {
    let rows = write.rows.iter().filter(|row| is_meant(row));
    rows.filter_map(RowWrite::key).collect()
}

/// How many rows of a table one statement gets: SQLite limits the parameters to 32 766, and the widest row has 26.
pub(super) const CHUNK: usize = 1000;

async fn add_answers(tx: &mut SqliteConnection, event_id: &str, rows: &[&Row]) -> Result<(), sqlx::Error> {
    let answers: Vec<_> = rows
        .iter()
        .flat_map(|row| {
            (0_i64..)
                .zip(&row.answers)
                .map(move |(number, answer)| (row, number, answer))
        })
        .collect();
    for answers in answers.chunks(CHUNK) {
        let insert = "INSERT INTO revento_mirror_answers (event_id, question, value, kind, id, number) ";
        let mut sql = QueryBuilder::<Sqlite>::new(insert);
        sql.push_values(answers, |mut values, (row, number, answer)| {
            values.push_bind(event_id);
            values.push_bind(&*answer.question);
            values.push_bind(&*answer.value);
            values.push_bind(row.kind.as_str());
            values.push_bind(&*row.id);
            values.push_bind(*number);
        });
        sql.build().execute(&mut *tx).await?;
    }
    Ok(())
}

async fn mark(tx: &mut SqliteConnection, event_id: &str, marks: &Marks) -> Result<(), sqlx::Error> {
    for ids in marks.ids.chunks(CHUNK) {
        let insert = "INSERT INTO revento_mirror_marks (event_id, kind, id, pass, as_of) ";
        let mut sql = QueryBuilder::<Sqlite>::new(insert);
        sql.push_values(ids, |mut values, id| {
            values.push_bind(event_id);
            values.push_bind(marks.kind.as_str());
            values.push_bind(&**id);
            values.push_bind(marks.pass);
            values.push_bind(marks.as_of.to_number());
        });
        let update =
            " ON CONFLICT (event_id, kind, id) DO UPDATE SET pass = excluded.pass, as_of = excluded.as_of";
        sql.push(update).build().execute(&mut *tx).await?;
    }
    Ok(())
}

/// Adds the entries of the change feed. Returns the position of the last one.
async fn announce(tx: &mut SqliteConnection, write: &MirrorWrite, last: i64) -> Result<i64, sqlx::Error> {
    let announced = write.rows.iter().filter(|row| row.is_announced);
    let announced: Vec<_> = announced.filter_map(|row| Some((row.key()?, row))).collect();
    let numbered: Vec<_> = (last.saturating_add(1)..).zip(&announced).collect();
    for changes in numbered.chunks(CHUNK) {
        let insert = "INSERT INTO revento_mirror_changes (event_id, position, at, kind, id, before, after) ";
        let mut sql = QueryBuilder::<Sqlite>::new(insert);
        sql.push_values(changes, |mut values, (position, (key, row))| {
            values.push_bind(write.event_id.as_str());
            values.push_bind(*position);
            values.push_bind(write.at.unix_micros());
            values.push_bind(key.kind.as_str());
            values.push_bind(&*key.id);
            values.push_bind(row.before.as_ref().map(|before| &*before.row.json));
            values.push_bind(row.after.as_ref().map(|after| &*after.json));
        });
        sql.build().execute(&mut *tx).await?;
    }
    Ok(numbered.last().map_or(last, |(position, _)| *position))
}
