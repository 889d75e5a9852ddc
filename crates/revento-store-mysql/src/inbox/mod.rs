//! [`InboxStore`] on MySQL.

mod admin;
mod alone;
mod batch;
mod job;
mod script;
mod sql;

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};
use revento_store::{
    BuriedCursor, BuriedDelivery, CompletionStatement, DeliveryState, InboxStore, InsertOutcome, Lease,
    LeasedDelivery, NewDelivery, RequeueAttempts, RequeueOutcome, StoreError, columns,
};
use sqlx::{Row as _, mysql::MySqlRow};

pub(crate) use self::batch::Batches;
#[cfg(test)]
pub(crate) use self::{admin::QUERIES as ADMIN_QUERIES, sql::QUERIES};
use self::{
    job::{Answer, Finish, Job, LeaseTerms, identity, phase},
    script::attempts,
    sql::{BURIED, BURIED_BEHIND, COMPLETE, EXPUNGE, FORGET, NEXT_DUE, STATE},
};
use crate::{
    MySqlStore,
    call::Call,
    error::{Failure, failed, not_read, unreadable},
    record::Row,
    store::row_limit,
};

/// How many deliveries one transaction forgets or expunges.
const SLICE: usize = 1_000;

impl MySqlStore {
    /// The statement that completes a delivery within a handler's own transaction, on any connection to the server and at any isolation
    /// level. If it affects no row, the lease is no longer held: roll back and let the handler fail. Until the commit, new deliveries with
    /// the same ordering key wait.
    pub fn completion(&self, lease: &Lease, now: Timestamp) -> CompletionStatement {
        CompletionStatement {
            sql: self.sql(COMPLETE),
            envelope_id: hex::encode(identity(lease.envelope_id.as_str())),
            fence: lease.fence,
            at: now.unix_micros(),
        }
    }

    /// Changes what is older than a time, slice by slice, so that no other call waits for long. Returns how many rows it has changed.
    async fn in_slices(&self, template: &'static str, before: Timestamp) -> Result<u64, Failure> {
        let mut sum = 0;
        loop {
            let call = Call::new(template)
                .bind(before.unix_micros())
                .bind(row_limit(SLICE));
            let answer = self.call(call).await?.pop().unwrap_or_default();
            sum += answer.affected;
            if answer.affected < SLICE as u64 {
                return Ok(sum);
            }
        }
    }
}

/// The state that an operator sees.
fn state(row: &MySqlRow) -> Result<DeliveryState, sqlx::Error> {
    Ok(match (row.try_get("phase")?, row.try_get::<i64, _>("leased")?) {
        (phase::IN_LINE, 1) => DeliveryState::Leased,
        (phase::IN_LINE | phase::BEHIND, _) => DeliveryState::Queued,
        (phase::DONE, _) => DeliveryState::Done,
        (phase::BURIED | phase::EXPUNGED, _) => DeliveryState::Buried,
        _ => return Err(unreadable("phase")),
    })
}

fn read_buried(row: &MySqlRow) -> Result<BuriedDelivery, sqlx::Error> {
    let expunged = row.try_get::<i64, _>("phase")? == phase::EXPUNGED;
    columns::read_buried(&Row(row), attempts(row)?, expunged)
}

#[async_trait]
impl InboxStore for MySqlStore {
    async fn insert(&self, delivery: &NewDelivery) -> Result<InsertOutcome, StoreError> {
        self.insert_new(delivery)
            .await
            .map_err(failed("storing a delivery"))
    }

    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<LeasedDelivery>, StoreError> {
        let limit = row_limit(limit);
        if limit == 0 {
            return Ok(Vec::new());
        }
        match self
            .run(Job::Lease(LeaseTerms::new(self, now, until, limit)))
            .await
        {
            Ok(Answer::Leased(leased)) => Ok(leased),
            // The answer fits the job.
            Ok(_) => Ok(Vec::new()),
            Err(failure) => Err(failed("leasing deliveries")(failure)),
        }
    }

    async fn complete(&self, lease: &Lease, now: Timestamp) -> Result<bool, StoreError> {
        self.finish(Finish::new(self, lease, phase::DONE, now, None))
            .await
            .map_err(failed("completing a delivery"))
    }

    async fn retry(&self, lease: &Lease, at: Timestamp, error: &str) -> Result<bool, StoreError> {
        self.finish(Finish::new(self, lease, phase::IN_LINE, at, Some(error)))
            .await
            .map_err(failed("queueing a failed delivery"))
    }

    async fn bury(&self, lease: &Lease, now: Timestamp, error: &str) -> Result<bool, StoreError> {
        self.finish(Finish::new(self, lease, phase::BURIED, now, Some(error)))
            .await
            .map_err(failed("burying a delivery"))
    }

    async fn requeue(
        &self,
        envelope_id: &EnvelopeId,
        now: Timestamp,
        attempts: RequeueAttempts,
    ) -> Result<RequeueOutcome, StoreError> {
        self.requeue_buried(envelope_id, now, attempts)
            .await
            .map_err(failed("requeueing a buried delivery"))
    }

    async fn buried(
        &self,
        after: Option<&BuriedCursor>,
        limit: usize,
    ) -> Result<Vec<BuriedDelivery>, StoreError> {
        let call = match after {
            Some(after) => Call::reading(BURIED_BEHIND)
                .bind(after.buried_at.unix_micros())
                .bind(columns::index_text(after.envelope_id.as_str())),
            None => Call::reading(BURIED),
        };
        let rows = self.rows(call.bind(row_limit(limit))).await;
        rows.and_then(|rows| Ok(rows.iter().map(read_buried).collect::<Result<_, _>>()?))
            .map_err(not_read("listing buried deliveries"))
    }

    async fn expunge(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.in_slices(EXPUNGE, before)
            .await
            .map_err(failed("expunging buried deliveries"))
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let read = |row: Option<MySqlRow>| match row {
            Some(row) => Ok(row.try_get::<Option<i64>, _>(0)?.map(Timestamp::from_unix_micros)),
            None => Ok(None),
        };
        let row = self.row(Call::reading(NEXT_DUE)).await;
        row.and_then(read)
            .map_err(not_read("asking when the next delivery is due"))
    }

    async fn state(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryState>, StoreError> {
        let call = Call::reading(STATE).bind(identity(envelope_id.as_str()));
        let row = self.row(call).await;
        row.and_then(|row| Ok(row.as_ref().map(state).transpose()?))
            .map_err(not_read("loading a delivery's state"))
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.in_slices(FORGET, before)
            .await
            .map_err(failed("forgetting handled deliveries"))
    }
}
