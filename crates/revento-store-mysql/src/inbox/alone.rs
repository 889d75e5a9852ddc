//! What needs a transaction of its own: it may have to wait for another one, or ask what it has found.

use revento_core::{EnvelopeId, Timestamp};
use revento_store::{InsertOutcome, NewDelivery, RequeueAttempts, RequeueOutcome};
use sqlx::{Row as _, mysql::MySqlRow};

use super::{
    job::{Answer, Finish, Job, NewRow, identity, phase, stripe},
    script::{is_reused, reused},
    sql::{KNOWN, LANE, REVIVE, REVIVE_COPIES},
    state,
};
use crate::{
    MySqlStore,
    call::Call,
    error::{Failure, is_duplicate},
};

/// How often another transaction may insert, bury or forget the delivery meanwhile.
const MAX_RACES: usize = 16;

impl MySqlStore {
    pub(super) async fn insert_new(&self, delivery: &NewDelivery) -> Result<InsertOutcome, Failure> {
        let row = NewRow::of(self, delivery);
        if row.lane.is_none() {
            match self.run(Job::Insert(Box::new(row.clone()))).await {
                Ok(Answer::Inserted(outcome)) => return Ok(outcome),
                Err(failure) if !is_duplicate(&failure.error) => return Err(failure),
                Ok(_) | Err(_) => {}
            }
        }
        self.insert_alone(&row).await
    }

    /// Inserts a delivery, waiting for its ordering key, or finds out what it is.
    async fn insert_alone(&self, row: &NewRow) -> Result<InsertOutcome, Failure> {
        let mut races = 0;
        loop {
            let failure = match self.try_insert_alone(row).await {
                Ok(Some(outcome)) => return Ok(outcome),
                Ok(None) => sqlx::Error::RowNotFound.into(),
                Err(failure) if is_duplicate(&failure.error) => failure,
                Err(failure) => return Err(failure),
            };
            races += 1;
            if races > MAX_RACES {
                return Err(failure);
            }
        }
    }

    /// `None` if the delivery changed meanwhile.
    async fn try_insert_alone(&self, row: &NewRow) -> Result<Option<InsertOutcome>, Failure> {
        let known = Call::new(KNOWN)
            .bind(row.identity)
            .bind(row.digest)
            .bind(row.call);
        let mut answers = self.transact(&[reused(&[row]), row.insert(), known]).await?;
        let Some(found) = answers.pop().unwrap_or_default().rows.pop() else {
            return Ok(None);
        };
        if found.try_get::<i64, _>("is_own")? == 1 {
            let others = answers.into_iter().next().unwrap_or_default().rows;
            let delivery_id_reused = is_reused(row, &others)?;
            return Ok(Some(InsertOutcome::New { delivery_id_reused }));
        }
        // Unknown after an expunge.
        let other_body = found.try_get::<Option<i64>, _>("same_body")? == Some(0);
        let is_buried = matches!(found.try_get("phase")?, phase::BURIED | phase::EXPUNGED);
        if is_buried && found.try_get::<i64, _>("at")? < row.signed_at {
            let revival = Revival {
                identity: row.identity,
                call: row.call,
                at: row.received_at,
                lane: lane(&found)?,
                replay: Some(row),
                single_attempt: false,
            };
            let (revived, _) = self.revive(&revival).await?;
            return Ok(revived.then_some(InsertOutcome::Requeued { other_body }));
        }
        let state = state(&found)?;
        Ok(Some(InsertOutcome::Known { state, other_body }))
    }

    pub(super) async fn requeue_buried(
        &self,
        envelope_id: &EnvelopeId,
        now: Timestamp,
        attempts: RequeueAttempts,
    ) -> Result<RequeueOutcome, Failure> {
        let identity = identity(envelope_id.as_str());
        let Some(found) = self.row(Call::reading(LANE).bind(identity)).await? else {
            return Ok(RequeueOutcome::NotBuried);
        };
        let revival = Revival {
            identity,
            call: self.call_name(),
            at: now.unix_micros(),
            lane: lane(&found)?,
            replay: None,
            single_attempt: attempts == RequeueAttempts::Single,
        };
        Ok(match self.revive(&revival).await? {
            (true, _) => RequeueOutcome::Requeued,
            (false, Some(phase::EXPUNGED)) => RequeueOutcome::Expunged,
            (false, _) => RequeueOutcome::NotBuried,
        })
    }

    /// Whether it is queued again, and the phase in which it is then.
    async fn revive(&self, revival: &Revival<'_>) -> Result<(bool, Option<i64>), Failure> {
        let replay = revival.replay;
        let call = Call::new(REVIVE)
            .bind(revival.identity)
            .bind(revival.call)
            .bind(revival.at)
            .bind(replay.map(|row| &row.body))
            .bind(replay.map(|row| row.digest))
            .bind(replay.map(|row| row.signed_at))
            .bind(revival.single_attempt)
            .bind(revival.lane)
            // No lock has this number.
            .bind(revival.lane.as_ref().map_or(-1, stripe))
            .bind(replay.is_some());
        let mut answers = self.call(call).await?;
        let Some(found) = answers.pop().unwrap_or_default().rows.pop() else {
            return Ok((false, None));
        };
        let copied = answers
            .get(REVIVE_COPIES)
            .is_some_and(|answer| answer.affected > 0);
        let revived = copied || found.try_get::<i64, _>("is_own")? == 1;
        Ok((revived, found.try_get("phase")?))
    }

    /// Ends a lease and sets where the delivery is next. `false` if the lease is not held.
    pub(super) async fn finish(&self, finish: Finish) -> Result<bool, Failure> {
        if let Answer::Finished(held) = self.run(Job::Finish(finish.clone())).await? {
            return Ok(held);
        }
        let mut answers = self.call(finish.call_alone()).await?.into_iter();
        let finished = answers.next().unwrap_or_default().affected > 0;
        let by_this_call = !answers.next().unwrap_or_default().rows.is_empty();
        Ok(finished || by_this_call)
    }
}

/// A buried delivery that is queued again.
struct Revival<'a> {
    identity: [u8; 16],
    call: [u8; 16],
    at: i64,
    lane: Option<[u8; 16]>,
    /// The attempt that brings its body; an operator's request brings none.
    replay: Option<&'a NewRow>,
    single_attempt: bool,
}

fn lane(row: &MySqlRow) -> Result<Option<[u8; 16]>, sqlx::Error> {
    let lane: Option<Vec<u8>> = row.try_get("lane")?;
    Ok(lane.and_then(|lane| lane.try_into().ok()))
}
