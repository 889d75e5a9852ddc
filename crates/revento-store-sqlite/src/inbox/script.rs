//! The transaction of a batch: one script, which is one message to the connection's thread.
//!
//! Statements with one row for each job are made for 1, 2, 4, … rows and padded with rows that do nothing, so that few statements have
//! to be prepared.

use std::{collections::HashSet, fmt::Write as _};

use revento_core::Timestamp;
use revento_store::{InsertOutcome, NewDelivery};
use sqlx::{
    AssertSqlSafe, Row as _, Sqlite,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};

use super::{
    job::{Answer, Finish, Job, LeaseTerms},
    transactions::{insert_known, read_leased},
};
use crate::writer::Turn;

/// Runs the jobs as one transaction. Their answers are in the order of the jobs. After an error nothing of it has happened, unless it
/// is the commit's.
pub(super) async fn run(
    turn: &mut Turn,
    jobs: &[Job],
) -> Result<Vec<Result<Answer, sqlx::Error>>, sqlx::Error> {
    let parts = Parts::of(jobs);
    let rows = parts.query().fetch_all(&mut **turn).await?;
    let results = Results::read(&rows)?;
    let mut answers = Vec::with_capacity(jobs.len());
    let mut delivery_ids = HashSet::new();
    for job in jobs {
        answers.push(match job {
            Job::Insert(delivery) if results.inserted.contains(delivery.envelope_id.as_str()) => {
                let id = delivery.delivery_id.as_str();
                let delivery_id_reused = results.reused.contains(id) || !delivery_ids.insert(id);
                Ok(Answer::Inserted(InsertOutcome::New { delivery_id_reused }))
            }
            Job::Insert(delivery) => match insert_known(turn, delivery).await {
                Ok(outcome) => Ok(Answer::Inserted(outcome)),
                Err(error) => {
                    turn.clean().await?;
                    Err(error)
                }
            },
            Job::Finish(finish) => Ok(Answer::Finished(
                results.finished.contains(finish.envelope_id.as_str()),
            )),
            Job::Lease(_) => {
                let leased = results.leased.iter().map(|row| read_leased(row));
                leased.collect::<Result<_, _>>().map(Answer::Leased)
            }
        });
    }
    Ok(answers)
}

/// The jobs by kind.
#[derive(Default)]
struct Parts<'a> {
    inserts: Vec<&'a NewDelivery>,
    finishes: Vec<&'a Finish>,
    lease: Option<LeaseTerms>,
    /// The ordering keys that several inserts have.
    shared_keys: Vec<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(jobs: &'a [Job]) -> Self {
        let mut parts = Self::default();
        let (mut keys, mut shared) = (HashSet::new(), HashSet::new());
        for job in jobs {
            match job {
                Job::Insert(delivery) => {
                    let key = delivery.ordering_key.as_str();
                    if !key.is_empty() && !keys.insert(key) && shared.insert(key) {
                        parts.shared_keys.push(key);
                    }
                    parts.inserts.push(delivery);
                }
                Job::Finish(finish) => parts.finishes.push(finish),
                Job::Lease(terms) => parts.lease = Some(*terms),
            }
        }
        parts
    }

    fn query(&self) -> Query<'_, Sqlite, SqliteArguments> {
        let mut query = sqlx::query(AssertSqlSafe(self.sql()));
        for finish in padded(&self.finishes) {
            query = query
                .bind(finish.map(|finish| finish.envelope_id.as_str()))
                .bind(finish.map(|finish| finish.fence))
                .bind(finish.map(|finish| finish.state.as_str()))
                .bind(finish.map(|finish| finish.at.unix_micros()))
                .bind(finish.and_then(|finish| finish.error.as_deref()));
        }
        for delivery in padded(&self.inserts) {
            query = query.bind(delivery.map(|delivery| delivery.delivery_id.as_str()));
        }
        for delivery in padded(&self.inserts) {
            query = query
                .bind(delivery.map(|delivery| delivery.envelope_id.as_str()))
                .bind(delivery.map(|delivery| delivery.delivery_id.as_str()))
                .bind(delivery.map(|delivery| delivery.event_type.as_str()))
                .bind(delivery.map(|delivery| delivery.ordering_key.as_str()))
                .bind(delivery.map(|delivery| delivery.occurred_at.unix_micros()))
                .bind(delivery.map(|delivery| delivery.received_at.unix_micros()))
                .bind(delivery.map(|delivery| delivery.body.as_bytes()))
                .bind(delivery.map(|delivery| delivery.body_digest.as_slice()));
        }
        for key in padded(&self.shared_keys) {
            query = query.bind(key);
        }
        if let Some(LeaseTerms { now, until, limit }) = self.lease {
            let micros = Timestamp::unix_micros;
            query = query.bind(micros(now)).bind(limit);
            query = query.bind(micros(until)).bind(micros(now)).bind(limit);
        }
        query
    }

    /// Parameters are anonymous, so they are bound in the order of the text.
    fn sql(&self) -> String {
        let mut sql = String::from("BEGIN IMMEDIATE;");
        if !self.finishes.is_empty() {
            let rows = values("(?, ?, ?, ?, ?)", padded_len(self.finishes.len()));
            let _ = write!(
                sql,
                "UPDATE revento_deliveries SET state = f.column3, at = f.column4, error = f.column5,
                    body = iif(f.column3 = 'done', NULL, body)
                FROM (VALUES {rows}) AS f
                WHERE revento_deliveries.envelope_id = f.column1 AND revento_deliveries.state = 'leased'
                    AND revento_deliveries.fence = f.column2
                RETURNING 'finished' AS what, envelope_id;"
            );
        }
        if !self.inserts.is_empty() {
            insert_sql(&mut sql, padded_len(self.inserts.len()));
        }
        if !self.shared_keys.is_empty() {
            let keys = values("?", padded_len(self.shared_keys.len()));
            // An `INSERT` does not see its own rows: of those that share a key, all but the first wait behind it. The condition
            // `state IN …` lets SQLite use the index of what is ordered.
            let _ = write!(
                sql,
                "UPDATE revento_deliveries SET behind = 1
                WHERE ordering_key IN ({keys}) AND state IN ('queued', 'leased') AND state = 'queued' AND behind = 0
                    AND EXISTS (
                        SELECT 1 FROM revento_deliveries AS other
                        WHERE other.ordering_key = revento_deliveries.ordering_key
                            AND other.state IN ('queued', 'leased') AND other.arrival < revento_deliveries.arrival);"
            );
        }
        if self.lease.is_some() {
            sql.push_str(LEASE);
        }
        sql.push_str("COMMIT");
        sql
    }
}

/// The rows of `VALUES` are numbered by the arrival that they get.
fn insert_sql(sql: &mut String, rows: usize) {
    let _ = write!(
        sql,
        "SELECT 'reused' AS what, delivery_id FROM revento_deliveries WHERE delivery_id IN ({});
        INSERT INTO revento_deliveries (
            envelope_id, delivery_id, event_type, ordering_key, occurred_at, received_at, body,
            state, at, arrival, digest, behind, attempt, fence)
        SELECT d.column1, d.column2, d.column3, d.column4, d.column5, d.column6, d.column7,
            'queued', d.column6, s.last + d.column9, d.column8,
            d.column4 <> '' AND EXISTS (
                SELECT 1 FROM revento_deliveries AS other
                WHERE other.ordering_key = d.column4 AND other.state IN ('queued', 'leased')),
            0, 0
        FROM revento_sequence AS s, (VALUES ",
        values("?", rows)
    );
    for row in 1..=rows {
        let comma = if row == 1 { "" } else { ", " };
        let _ = write!(sql, "{comma}(?, ?, ?, ?, ?, ?, ?, ?, {row})");
    }
    let _ = write!(
        sql,
        ") AS d WHERE d.column1 IS NOT NULL
        ON CONFLICT (envelope_id) DO NOTHING RETURNING 'inserted' AS what, envelope_id;
        UPDATE revento_sequence SET last = last + {rows} WHERE changes() > 0;"
    );
}

/// The rows as they were, then the change. Both read the same index from its beginning.
const LEASE: &str = "
    SELECT 'leased' AS what, envelope_id, delivery_id, event_type, occurred_at, received_at, body, attempt, single_attempt,
        (SELECT last + 1 FROM revento_sequence) AS fence
    FROM revento_deliveries WHERE state IN ('queued', 'leased') AND behind = 0 AND at <= ?
    ORDER BY at, arrival LIMIT ?;
    UPDATE revento_deliveries SET
        state = 'leased', at = ?, fence = (SELECT last + 1 FROM revento_sequence), attempt = attempt + 1
    WHERE rowid IN (
        SELECT rowid FROM revento_deliveries WHERE state IN ('queued', 'leased') AND behind = 0 AND at <= ?
        ORDER BY at, arrival LIMIT ?);
    UPDATE revento_sequence SET last = last + 1 WHERE changes() > 0;";

/// The number of rows with padding; none for none.
fn padded_len(len: usize) -> usize {
    if len == 0 { 0 } else { len.next_power_of_two() }
}

fn padded<T: Copy>(rows: &[T]) -> impl Iterator<Item = Option<T>> {
    let padding = padded_len(rows.len()) - rows.len();
    rows.iter()
        .copied()
        .map(Some)
        .chain(std::iter::repeat_n(None, padding))
}

fn values(row: &str, rows: usize) -> String {
    vec![row; rows].join(", ")
}

/// The rows of the script, by the statement that they come from.
#[derive(Default)]
struct Results<'r> {
    finished: HashSet<&'r str>,
    reused: HashSet<&'r str>,
    inserted: HashSet<&'r str>,
    leased: Vec<&'r SqliteRow>,
}

impl<'r> Results<'r> {
    fn read(rows: &'r [SqliteRow]) -> Result<Self, sqlx::Error> {
        let mut results = Self::default();
        for row in rows {
            let id = || row.try_get::<&str, _>(1);
            match row.try_get::<&str, _>(0)? {
                "finished" => drop(results.finished.insert(id()?)),
                "reused" => drop(results.reused.insert(id()?)),
                "inserted" => drop(results.inserted.insert(id()?)),
                _ => results.leased.push(row),
            }
        }
        Ok(results)
    }
}

/// For the test of the query plans: the script of a batch with two jobs of each kind.
#[cfg(test)]
pub(crate) fn example() -> String {
    use revento_core::{DeliveryId, EnvelopeId, EventType};
    use revento_store::{DeliveryState, Sealed};

    let insert = |id: &str| {
        Job::Insert(NewDelivery {
            envelope_id: EnvelopeId::from(id),
            delivery_id: DeliveryId::from(id),
            event_type: EventType::from("application.approved"),
            ordering_key: "same".to_owned(),
            occurred_at: Timestamp::UNIX_EPOCH,
            signed_at: Timestamp::UNIX_EPOCH,
            received_at: Timestamp::UNIX_EPOCH,
            body: Sealed::from_bytes(vec![1]),
            body_digest: [0; 32],
        })
    };
    let finish = |id: &str| {
        Job::Finish(Finish {
            envelope_id: EnvelopeId::from(id),
            fence: 1,
            state: DeliveryState::Done,
            at: Timestamp::UNIX_EPOCH,
            error: None,
        })
    };
    let lease = Job::Lease(LeaseTerms {
        now: Timestamp::UNIX_EPOCH,
        until: Timestamp::UNIX_EPOCH,
        limit: 1,
    });
    Parts::of(&[insert("1"), insert("2"), finish("3"), finish("4"), lease]).sql()
}
