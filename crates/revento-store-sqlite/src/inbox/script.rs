//! The transaction of a batch: one script, which is one message to the connection's thread. One job alone is a single statement.
//!
//! A script that fails is rolled back as a whole, so the statements that write a row for each job are `OR ROLLBACK`: SQLite then keeps
//! no copies of the pages that one statement changes, to undo it alone.
//!
//! Each row and each end of a statement is a message back, so a script asks for what is unusual: ids that are known, leases that are not
//! held. Statements with one row for each job are made for 1, 2, 4, … rows and padded with rows that do nothing, so that few statements
//! have to be prepared.

use std::{collections::HashSet, fmt::Write as _};

use revento_core::Timestamp;
use revento_store::InsertOutcome;
use sqlx::{
    AssertSqlSafe, Row as _, Sqlite,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};

use super::{
    job::{Answer, Finish, Insert, Job, LeaseTerms},
    single,
    transactions::{insert_known, read_leased},
};
use crate::writer::Turn;

/// Runs the jobs as one transaction. Their answers are in the order of the jobs. After an error nothing of it has happened, unless it
/// is the commit's.
pub(super) async fn run(
    turn: &mut Turn,
    jobs: &[Job],
) -> Result<Vec<Result<Answer, sqlx::Error>>, sqlx::Error> {
    match jobs {
        [Job::Insert(insert)] => match single::insert(turn, insert).await? {
            Some(outcome) => Ok(vec![Ok(Answer::Inserted(outcome))]),
            None => Ok(vec![known(turn, insert).await?]),
        },
        [Job::Finish(finish)] => Ok(vec![Ok(Answer::Finished(single::finish(turn, finish).await?))]),
        jobs => run_script(turn, jobs).await,
    }
}

async fn run_script(turn: &mut Turn, jobs: &[Job]) -> Result<Vec<Result<Answer, sqlx::Error>>, sqlx::Error> {
    let parts = Parts::of(jobs);
    let rows = parts.query().fetch_all(&mut **turn).await?;
    let results = Results::read(&rows)?;
    let mut answers = Vec::with_capacity(jobs.len());
    let mut delivery_ids = HashSet::new();
    for job in jobs {
        answers.push(match job {
            Job::Insert(insert) if results.known.contains(insert.envelope_hash.as_str()) => {
                known(turn, insert).await?
            }
            Job::Insert(Insert { delivery, .. }) => {
                let id = delivery.delivery_id.as_str();
                let delivery_id_reused = results.reused.contains(id) || !delivery_ids.insert(id);
                Ok(Answer::Inserted(InsertOutcome::New { delivery_id_reused }))
            }
            Job::Finish(finish) => Ok(Answer::Finished(
                !results.not_held.contains(finish.envelope_hash.as_str()),
            )),
            Job::Lease(_) => {
                let leased = results.leased.iter().map(|row| read_leased(row));
                leased.collect::<Result<_, _>>().map(Answer::Leased)
            }
        });
    }
    Ok(answers)
}

/// The answer for a delivery whose envelope id is known. The outer error is that of a connection which is of no more use.
async fn known(turn: &mut Turn, insert: &Insert) -> Result<Result<Answer, sqlx::Error>, sqlx::Error> {
    let outcome = insert_known(turn, insert).await;
    if outcome.is_err() {
        turn.clean().await?;
    }
    Ok(outcome.map(Answer::Inserted))
}

/// The jobs by kind.
#[derive(Default)]
struct Parts<'a> {
    inserts: Vec<&'a Insert>,
    finishes: Vec<&'a Finish>,
    lease: Option<LeaseTerms>,
    /// The ordering keys of the inserts.
    keys: Vec<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(jobs: &'a [Job]) -> Self {
        let mut parts = Self::default();
        let mut keys = HashSet::from([""]);
        for job in jobs {
            match job {
                Job::Insert(insert) => {
                    let key = insert.delivery.ordering_key.as_str();
                    if keys.insert(key) {
                        parts.keys.push(key);
                    }
                    parts.inserts.push(insert);
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
                .bind(finish.map(|finish| finish.envelope_hash.as_str()))
                .bind(finish.map(|finish| finish.fence));
        }
        for finish in padded(&self.finishes) {
            query = query
                .bind(finish.map(|finish| finish.envelope_hash.as_str()))
                .bind(finish.map(|finish| finish.fence))
                .bind(finish.map(|finish| finish.state.as_str()))
                .bind(finish.map(|finish| finish.at.unix_micros()))
                .bind(finish.and_then(|finish| finish.error.as_deref()));
        }
        for insert in padded(&self.inserts) {
            query = query.bind(insert.map(|insert| insert.delivery_hash));
        }
        for insert in padded(&self.inserts) {
            query = query.bind(insert.map(|insert| insert.envelope_hash.as_str()));
        }
        for insert in padded(&self.inserts) {
            query = single::bind_insert(query, insert);
        }
        for key in padded(&self.keys) {
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
            finish_sql(&mut sql, padded_len(self.finishes.len()));
        }
        if !self.inserts.is_empty() {
            insert_sql(&mut sql, padded_len(self.inserts.len()));
        }
        if !self.keys.is_empty() {
            // The inserts did not look at what waits. `+behind` keeps SQLite at the index of what is ordered.
            let _ = write!(
                sql,
                "UPDATE revento_deliveries SET behind = 1
                WHERE ordering_key IN ({}) AND ordering_key <> '' AND state IN ('queued', 'leased')
                    AND state = 'queued' AND +behind = 0
                    AND EXISTS (
                        SELECT 1 FROM revento_deliveries AS other
                        WHERE other.ordering_key = revento_deliveries.ordering_key AND other.ordering_key <> ''
                            AND other.state IN ('queued', 'leased') AND other.id < revento_deliveries.id);",
                values("?", padded_len(self.keys.len()))
            );
        }
        if self.lease.is_some() {
            sql.push_str(LEASE);
        }
        sql.push_str("COMMIT");
        sql
    }
}

fn finish_sql(sql: &mut String, rows: usize) {
    let _ = write!(
        sql,
        "SELECT 'not held' AS what, f.column1 FROM (VALUES {}) AS f
        WHERE f.column1 IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM revento_deliveries
            WHERE envelope_hash = f.column1 AND state = 'leased' AND fence = f.column2);
        UPDATE OR ROLLBACK revento_deliveries SET state = f.column3, at = f.column4, error = f.column5,
            body = iif(f.column3 = 'done', NULL, body)
        FROM (VALUES {}) AS f
        WHERE revento_deliveries.envelope_hash = f.column1 AND revento_deliveries.state = 'leased'
            AND revento_deliveries.fence = f.column2;",
        values("(?, ?)", rows),
        values("(?, ?, ?, ?, ?)", rows)
    );
}

fn insert_sql(sql: &mut String, rows: usize) {
    let each = values("?", rows);
    let _ = write!(
        sql,
        "SELECT 'reused' AS what, delivery_id FROM revento_deliveries WHERE delivery_hash IN ({each});
        SELECT 'known' AS what, envelope_hash FROM revento_deliveries WHERE envelope_hash IN ({each});
        INSERT OR ROLLBACK INTO revento_deliveries (
            envelope_hash, delivery_hash, envelope_id, delivery_id, event_type, ordering_key, occurred_at, received_at,
            digest, body, state, at, behind, attempt, fence)
        SELECT column1, column2, column3, column4, column5, column6, column7, column8, column9, column10,
            'queued', column8, 0, 0, 0
        FROM (VALUES {}) WHERE column1 IS NOT NULL
        ON CONFLICT (envelope_hash) DO NOTHING;",
        values("(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    );
}

/// The rows as they were, then the change. Both read the same index from its beginning.
const LEASE: &str = "
    SELECT 'leased' AS what, envelope_id, delivery_id, event_type, occurred_at, received_at, body, attempt, single_attempt,
        (SELECT last + 1 FROM revento_sequence) AS fence
    FROM revento_deliveries WHERE state IN ('queued', 'leased') AND behind = 0 AND at <= ?
    ORDER BY at, id LIMIT ?;
    UPDATE revento_deliveries SET
        state = 'leased', at = ?, fence = (SELECT last + 1 FROM revento_sequence), attempt = attempt + 1
    WHERE id IN (
        SELECT id FROM revento_deliveries WHERE state IN ('queued', 'leased') AND behind = 0 AND at <= ?
        ORDER BY at, id LIMIT ?);
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
    not_held: HashSet<&'r str>,
    reused: HashSet<&'r str>,
    known: HashSet<&'r str>,
    leased: Vec<&'r SqliteRow>,
}

impl<'r> Results<'r> {
    fn read(rows: &'r [SqliteRow]) -> Result<Self, sqlx::Error> {
        let mut results = Self::default();
        for row in rows {
            let id = || row.try_get::<&str, _>(1);
            match row.try_get::<&str, _>(0)? {
                "not held" => drop(results.not_held.insert(id()?)),
                "reused" => drop(results.reused.insert(id()?)),
                "known" => drop(results.known.insert(id()?)),
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
    use revento_store::{DeliveryState, NewDelivery, Sealed};

    let insert = |id: &str| {
        Job::Insert(Insert::of(&NewDelivery {
            envelope_id: EnvelopeId::from(id),
            delivery_id: DeliveryId::from(id),
            event_type: EventType::from("application.approved"),
            ordering_key: "same".to_owned(),
            occurred_at: Timestamp::UNIX_EPOCH,
            signed_at: Timestamp::UNIX_EPOCH,
            received_at: Timestamp::UNIX_EPOCH,
            body: Sealed::from_bytes(vec![1]),
            body_digest: [0; 32],
        }))
    };
    let finish = |id: &str| {
        Job::Finish(Finish {
            envelope_hash: id.to_owned(),
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
