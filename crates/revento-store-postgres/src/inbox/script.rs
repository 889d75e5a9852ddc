//! The transaction of a batch: one statement for each kind of job.

use std::collections::{HashMap, HashSet};

use revento_store::{DeliveryState, InsertOutcome, LeasedDelivery, columns};
use sqlx::{Row as _, postgres::PgRow};

use super::{
    job::{Answer, Finish, Job, LeaseTerms, NewRow},
    sql::{FINISH_MANY, INSERT_MANY, LEASE},
};
use crate::{
    PostgresStore,
    call::Call,
    error::{Failure, unreadable},
    record::Row,
};

/// Runs the jobs as one transaction. Their answers are in the order of the jobs.
pub(super) async fn run(store: &PostgresStore, jobs: &[Job]) -> Result<Vec<Answer>, Failure> {
    let parts = Parts::of(jobs);
    let answer = store.transact(&parts.calls()).await?;
    let mut results = answer.results.into_iter();
    let mut next = |is_asked: bool| {
        if is_asked {
            results.next().unwrap_or_default()
        } else {
            Vec::new()
        }
    };
    let mut finished = read_finished(&next(!parts.finishes.is_empty()))?;
    let mut inserted = read_inserted(&next(!parts.inserts.is_empty()))?;
    let mut leased = next(parts.lease.is_some());
    let mut delivery_ids = HashSet::new();
    let (mut finish_place, mut insert_place) = (0, 0);
    let mut answers = Vec::with_capacity(jobs.len());
    for job in jobs {
        answers.push(match job {
            Job::Finish(_) => {
                finish_place += 1;
                finished
                    .remove(&finish_place)
                    .map_or(Answer::Alone, Answer::Finished)
            }
            Job::Insert(row) => {
                insert_place += 1;
                match inserted.remove(&insert_place) {
                    // The statement does not see its own rows.
                    Some(InsertOutcome::New { delivery_id_reused }) => {
                        let is_first = delivery_ids.insert(&row.delivery_id);
                        let delivery_id_reused = delivery_id_reused || !is_first;
                        Answer::Inserted(InsertOutcome::New { delivery_id_reused })
                    }
                    Some(outcome) => Answer::Inserted(outcome),
                    None => Answer::Alone,
                }
            }
            Job::Lease(_) => {
                let rows = std::mem::take(&mut leased);
                Answer::Leased(rows.iter().map(read_leased).collect::<Result<_, _>>()?)
            }
        });
    }
    Ok(answers)
}

/// The jobs by kind.
#[derive(Default)]
struct Parts<'a> {
    finishes: Vec<&'a Finish>,
    inserts: Vec<&'a NewRow>,
    lease: Option<LeaseTerms>,
}

impl<'a> Parts<'a> {
    fn of(jobs: &'a [Job]) -> Self {
        let mut parts = Self::default();
        for job in jobs {
            match job {
                Job::Finish(finish) => parts.finishes.push(finish),
                Job::Insert(row) => parts.inserts.push(row),
                Job::Lease(terms) => parts.lease = Some(*terms),
            }
        }
        parts
    }

    fn calls(&self) -> Vec<Call> {
        let mut calls = Vec::with_capacity(3);
        let (finishes, rows) = (&self.finishes, &self.inserts);
        if !finishes.is_empty() {
            calls.push(
                Call::new(FINISH_MANY)
                    .bind_column(finishes.iter().map(|it| &it.identity))
                    .bind_column(finishes.iter().map(|it| it.fence))
                    .bind_column(finishes.iter().map(|it| it.state.as_str()))
                    .bind_column(finishes.iter().map(|it| it.at))
                    .bind_sparse_column(finishes.iter().map(|it| it.error.as_deref())),
            );
        }
        if !rows.is_empty() {
            let (mut bytes, mut ends) = (Vec::new(), Vec::with_capacity(rows.len()));
            for row in rows {
                bytes.extend_from_slice(&row.digest);
                bytes.extend_from_slice(&row.body);
                ends.push(i64::try_from(bytes.len()).unwrap_or(i64::MAX));
            }
            let ordering_key = |row: &&'a NewRow| Some(&*row.ordering_key).filter(|key| !key.is_empty());
            calls.push(
                Call::new(INSERT_MANY)
                    .bind_column(rows.iter().map(|it| &it.identity))
                    .bind_column(rows.iter().map(|it| it.delivery_hash))
                    .bind_column(rows.iter().map(|it| &*it.envelope_id))
                    .bind_column(rows.iter().map(|it| &*it.delivery_id))
                    .bind_sparse_column(rows.iter().map(|it| it.long_envelope_id.as_deref()))
                    .bind_sparse_column(rows.iter().map(|it| it.long_delivery_id.as_deref()))
                    .bind_column(rows.iter().map(|it| &*it.event_type))
                    .bind_sparse_column(rows.iter().map(ordering_key))
                    .bind_column(rows.iter().map(|it| it.occurred_at))
                    .bind_column(rows.iter().map(|it| it.received_at))
                    .bind_column(rows.iter().map(|it| it.signed_at))
                    .bind_column(ends)
                    .bind(bytes),
            );
        }
        if let Some(LeaseTerms { now, until, limit }) = self.lease {
            calls.push(Call::new(LEASE).bind(now).bind(until).bind(limit));
        }
        calls
    }
}

/// Whether each lease was held, by the place of its job. Those without an answer have to be asked alone.
fn read_finished(rows: &[PgRow]) -> Result<HashMap<i64, bool>, sqlx::Error> {
    let read = |row: &PgRow| Ok((row.try_get("place")?, row.try_get("held")?));
    rows.iter().map(read).collect()
}

/// The first answer of a place holds: the second part of the statement finds the rows of the first, too.
fn read_inserted(rows: &[PgRow]) -> Result<HashMap<i64, InsertOutcome>, sqlx::Error> {
    let mut outcomes = HashMap::with_capacity(rows.len());
    for row in rows {
        let outcome = read_insert_outcome(row.try_get("answer")?)?;
        outcomes.entry(row.try_get("place")?).or_insert(outcome);
    }
    Ok(outcomes)
}

/// Reads what `revento_insert` returns.
pub(super) fn read_insert_outcome(answer: &str) -> Result<InsertOutcome, sqlx::Error> {
    let (answer, other_body) = match answer.strip_suffix(", other body") {
        Some(answer) => (answer, true),
        None => (answer, false),
    };
    Ok(match answer {
        "new" | "new, delivery id reused" => InsertOutcome::New {
            delivery_id_reused: answer != "new",
        },
        "requeued" => InsertOutcome::Requeued { other_body },
        state => InsertOutcome::Known {
            state: read_state(state)?,
            other_body,
        },
    })
}

pub(super) fn read_state(text: &str) -> Result<DeliveryState, sqlx::Error> {
    DeliveryState::from_name(text).ok_or_else(|| unreadable("state"))
}

fn read_leased(row: &PgRow) -> Result<LeasedDelivery, sqlx::Error> {
    let attempt: i64 = row.try_get("attempt")?;
    let attempt = u32::try_from(attempt).unwrap_or(u32::MAX);
    columns::read_leased(&Row(row), attempt, row.try_get("single_attempt")?)
}
