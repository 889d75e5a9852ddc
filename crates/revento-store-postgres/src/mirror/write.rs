//! Makes a write, by a function on the server: it locks the event, judges and writes.

use revento_mirror::store::{
    Answer, MirrorWrite, ParticipantField, Row, RowKey, RowWrite, Stamp, TypedColumns, Wish, WriteOutcome,
};
use sqlx::Row as _;

use super::{PostgresMirror, session::Statement};
use crate::{
    error::{Failure, unreadable},
    text::{escape, indexed, long},
};

/// How many arguments the function has.
const ARGUMENTS: usize = 50;

impl PostgresMirror {
    pub(super) async fn write_rows(&self, write: &MirrorWrite) -> Result<WriteOutcome, Failure> {
        let places: Vec<_> = (1..=ARGUMENTS).map(|number| format!("${number}")).collect();
        let places = places.join(", ");
        let call = format!("SELECT outcome, position_now FROM {{schema}}.revento_mirror_write({places})");
        let call = bind_event(Statement::new(call), write);
        let call = bind_rows(bind_known(call, write), write);
        let call = bind_changes(bind_marks(bind_answers(call, write), write), write);
        let answer = self.run(call).await?;
        let row = answer.rows.first().ok_or(sqlx::Error::RowNotFound)?;
        match row.try_get::<&str, _>("outcome")? {
            "written" => Ok(WriteOutcome::Written {
                last_change: row.try_get("position_now")?,
            }),
            "other_epoch" => Ok(WriteOutcome::OtherEpoch),
            "fenced" => Ok(WriteOutcome::Fenced),
            "conflict" => Ok(WriteOutcome::Conflict),
            _ => Err(unreadable("outcome").into()),
        }
    }
}

fn bind_event(call: Statement, write: &MirrorWrite) -> Statement {
    let (wish, wished_at) = match write.wish {
        Wish::Keep => ("keep", None),
        Wish::Since(at) => ("since", Some(at.unix_micros())),
        Wish::Clear => ("clear", None),
    };
    call.bind(indexed(write.event_id.as_str()))
        .bind(write.epoch)
        .bind(write.fence.map(|fence| fence.0))
        .bind(
            write
                .progress
                .as_deref()
                .map(|progress| escape(progress).into_owned()),
        )
        .bind(wish)
        .bind(wished_at)
        .bind(write.ends_epoch)
        .bind(write.at.unix_micros())
}

/// The rows as the caller has loaded them.
fn bind_known(call: Statement, write: &MirrorWrite) -> Statement {
    let known = keyed(&write.rows);
    call.bind(column(&known, |(key, _)| key.kind.as_str()))
        .bind(column(&known, |(key, _)| indexed(&key.id)))
        .bind(column(&known, |(_, row)| {
            row.before.as_ref().map(|before| before.version.0)
        }))
        .bind(column(&known, |(_, row)| row.after.is_none()))
}

fn bind_rows(call: Statement, write: &MirrorWrite) -> Statement {
    let rows: Vec<&Row> = write.rows.iter().filter_map(|row| row.after.as_ref()).collect();
    let mut call = call
        .bind(column(&rows, |row| row.kind.as_str()))
        .bind(column(&rows, |row| indexed(&row.id)))
        .bind(column(&rows, |row| long(&row.id)))
        .bind(column(&rows, |row| escape(&row.json).into_owned()))
        .bind(column(&rows, |row| Answer::list_to_json(&row.answers)))
        .bind(column(&rows, |row| row.whole_as_of.map(Stamp::to_number)))
        .bind(column(&rows, |row| row.part_as_of.map(Stamp::to_number)))
        .bind(column(&rows, |row| row.missing_in));
    let mut typed = column(&rows, |row| TypedColumns::of(row));
    for (at, name) in TypedColumns::TEXTS.iter().enumerate() {
        // A condition compares with this column.
        let is_searched = ParticipantField::ALL.iter().any(|field| field.as_str() == *name);
        let stored = |text: String| {
            if is_searched {
                indexed(&text)
            } else {
                escape(&text).into_owned()
            }
        };
        let texts = typed
            .iter_mut()
            .map(|columns| columns.texts.get_mut(at).and_then(Option::take));
        call = call.bind(texts.map(|text| text.map(stored)).collect::<Vec<_>>());
    }
    for at in 0..TypedColumns::INTEGERS.len() {
        call = call.bind(column(&typed, |columns| {
            columns.integers.get(at).copied().flatten()
        }));
    }
    call
}

fn bind_answers(call: Statement, write: &MirrorWrite) -> Statement {
    let rows = write.rows.iter().filter_map(|row| row.after.as_ref());
    let answers: Vec<_> = rows
        .flat_map(|row| {
            (0_i64..)
                .zip(&row.answers)
                .map(move |(number, answer)| (row, number, answer))
        })
        .collect();
    call.bind(column(&answers, |(row, ..)| row.kind.as_str()))
        .bind(column(&answers, |(row, ..)| indexed(&row.id)))
        .bind(column(&answers, |(_, number, _)| *number))
        .bind(column(&answers, |(.., answer)| indexed(&answer.question)))
        .bind(column(&answers, |(.., answer)| indexed(&answer.value)))
}

fn bind_marks(call: Statement, write: &MirrorWrite) -> Statement {
    let marks = write.marks.as_ref();
    let ids = marks.map(|marks| &*marks.ids).unwrap_or_default();
    call.bind(marks.map(|marks| marks.kind.as_str()))
        .bind(marks.map(|marks| marks.pass))
        .bind(marks.map(|marks| marks.as_of.to_number()))
        .bind(column(ids, |id| indexed(id)))
}

fn bind_changes(call: Statement, write: &MirrorWrite) -> Statement {
    let announced = keyed(write.rows.iter().filter(|row| row.is_announced));
    call.bind(column(&announced, |(key, _)| key.kind.as_str()))
        .bind(column(&announced, |(key, _)| escape(&key.id).into_owned()))
        .bind(column(&announced, |(_, row)| {
            let before = row.before.as_ref();
            before.map(|before| escape(&before.row.json).into_owned())
        }))
        .bind(column(&announced, |(_, row)| {
            row.after.as_ref().map(|after| escape(&after.json).into_owned())
        }))
}

/// The writes with the keys of their rows. One with neither row has no key, and is left out.
fn keyed<'w>(rows: impl IntoIterator<Item = &'w RowWrite>) -> Vec<(RowKey, &'w RowWrite)> {
    let rows = rows.into_iter();
    rows.filter_map(|row| Some((row.key()?, row))).collect()
}

/// A value of each item, as an array for the server.
fn column<'i, I, V>(items: &'i [I], value: impl Fn(&'i I) -> V) -> Vec<V> {
    items.iter().map(value).collect()
}
