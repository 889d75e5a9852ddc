//! The transaction of a batch.

use std::collections::HashSet;

use revento_store::{InsertOutcome, LeasedDelivery, columns};
use sqlx::{Row as _, mysql::MySqlRow};

use super::{
    job::{Answer, Job, NewRow},
    sql::{LEASE_ANSWERS, REUSED},
};
use crate::{
    MySqlStore,
    call::{self, Call},
    error::Failure,
    record::Row,
};

/// Runs the jobs as one transaction. Their answers are in the order of the jobs.
pub(super) async fn run(store: &MySqlStore, jobs: &[Job]) -> Result<Vec<Answer>, Failure> {
    let inserts: Vec<&NewRow> = jobs.iter().filter_map(Job::insert).collect();
    let mut calls = Vec::with_capacity(jobs.len() + 1);
    if !inserts.is_empty() {
        calls.push(reused(&inserts));
    }
    // First what ends, so that what follows it can be leased.
    calls.extend(jobs.iter().filter_map(|job| match job {
        Job::Finish(finish) => Some(finish.call()),
        _ => None,
    }));
    calls.extend(inserts.iter().map(|row| row.insert()));
    calls.extend(jobs.iter().filter_map(|job| match job {
        Job::Lease(terms) => Some(terms.call()),
        _ => None,
    }));
    let answers = store.transact(&calls).await?;
    read(jobs, &inserts, answers)
}

/// Which of these delivery ids are known.
pub(super) fn reused(rows: &[&NewRow]) -> Call {
    let hashes: Vec<String> = rows.iter().map(|row| row.delivery_hash.to_string()).collect();
    Call::new(REUSED).bind_sql(hashes.join(", "))
}

/// Whether one of these rows is another delivery with the same delivery id.
pub(super) fn is_reused(row: &NewRow, known: &[MySqlRow]) -> Result<bool, sqlx::Error> {
    for other in known {
        let (delivery_id, identity): (Vec<u8>, Vec<u8>) =
            (other.try_get("delivery_id")?, other.try_get("identity")?);
        if delivery_id == row.delivery_id.as_bytes() && identity != row.identity {
            return Ok(true);
        }
    }
    Ok(false)
}

fn read(jobs: &[Job], inserts: &[&NewRow], answers: Vec<call::Answer>) -> Result<Vec<Answer>, Failure> {
    let mut answers = answers.into_iter();
    let mut next = || answers.next().ok_or(sqlx::Error::RowNotFound);
    let known = if inserts.is_empty() {
        Vec::new()
    } else {
        next()?.rows
    };
    let finishes = jobs.iter().filter(|job| matches!(job, Job::Finish(_)));
    let finished: Vec<bool> = finishes
        .map(|_| Ok(next()?.affected > 0))
        .collect::<Result<_, sqlx::Error>>()?;
    let inserted: Vec<bool> = inserts
        .iter()
        .map(|_| Ok(next()?.affected > 0))
        .collect::<Result<_, sqlx::Error>>()?;
    let (mut finished, mut inserted) = (finished.into_iter(), inserted.into_iter());
    let leased = answers.nth(LEASE_ANSWERS).unwrap_or_default().rows;
    // The statement that looks for them does not see those of the same transaction.
    let mut own_ids = HashSet::new();
    let answer = |job: &Job| {
        Ok(match job {
            Job::Finish(_) if finished.next() == Some(true) => Answer::Finished(true),
            Job::Insert(row) if inserted.next() == Some(true) => {
                let delivery_id_reused = !own_ids.insert(row.delivery_id.clone()) || is_reused(row, &known)?;
                Answer::Inserted(InsertOutcome::New { delivery_id_reused })
            }
            Job::Finish(_) | Job::Insert(_) => Answer::Alone,
            Job::Lease(_) => Answer::Leased(leased.iter().map(read_leased).collect::<Result<_, _>>()?),
        })
    };
    jobs.iter().map(answer).collect()
}

fn read_leased(row: &MySqlRow) -> Result<LeasedDelivery, sqlx::Error> {
    columns::read_leased(
        &Row(row),
        attempts(row)?,
        row.try_get::<i64, _>("single_attempt")? != 0,
    )
}

pub(super) fn attempts(row: &MySqlRow) -> Result<u32, sqlx::Error> {
    let attempts: i64 = row.try_get("attempt")?;
    Ok(u32::try_from(attempts).unwrap_or(u32::MAX))
}
