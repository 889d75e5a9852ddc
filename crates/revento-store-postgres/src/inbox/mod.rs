//! [`InboxStore`] on PostgreSQL.

mod admin;
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
use sqlx::{Row as _, postgres::PgRow};

pub(crate) use self::batch::Batches;
#[cfg(test)]
pub(crate) use self::{admin::QUERIES as ADMIN_QUERIES, sql::QUERIES};
use self::{
    job::{Answer, Finish, Job, LeaseTerms, NewRow},
    script::{read_insert_outcome, read_state},
    sql::{BURIED, BURIED_BEHIND, COMPLETE, EXPUNGE, FINISH, FORGET, INSERT, NEXT_DUE, REQUEUE, STATE},
};
use crate::{
    PostgresStore,
    call::Call,
    error::{Failure, failed, not_read},
    record::Row,
    store::row_limit,
    text::{Identity, indexed},
};

/// How many deliveries one transaction forgets or expunges.
const SLICE: usize = 1_000;

impl PostgresStore {
    /// The statement that completes a delivery within a handler's own transaction, on any connection to the database. The
    /// transaction must be at `READ COMMITTED`, PostgreSQL's default: the statement fails at another level. Until the commit,
    /// other deliveries with the same ordering key wait, including new ones.
    pub fn completion(&self, lease: &Lease, now: Timestamp) -> CompletionStatement {
        CompletionStatement {
            sql: self.sql(COMPLETE),
            envelope_id: Identity::of(lease.envelope_id.as_str()).into_text(),
            fence: lease.fence,
            at: now.unix_micros(),
        }
    }

    /// Inserts a delivery in a transaction of its own. It waits for its ordering key.
    async fn insert_alone(&self, row: &NewRow) -> Result<InsertOutcome, Failure> {
        let call = Call::new(INSERT)
            .bind(&row.identity)
            .bind(row.delivery_hash)
            .bind(&row.envelope_id)
            .bind(&row.delivery_id)
            .bind(row.long_envelope_id.as_deref())
            .bind(row.long_delivery_id.as_deref())
            .bind(&row.event_type)
            .bind(&row.ordering_key)
            .bind(row.occurred_at)
            .bind(row.received_at)
            .bind(&row.body)
            .bind(&row.digest)
            .bind(row.signed_at);
        let row = self.row(call).await?.ok_or(sqlx::Error::RowNotFound)?;
        Ok(read_insert_outcome(row.try_get(0)?)?)
    }

    async fn insert_new(&self, delivery: &NewDelivery) -> Result<InsertOutcome, Failure> {
        match self.run(Job::Insert(Box::new(NewRow::of(delivery)))).await? {
            Answer::Inserted(outcome) => Ok(outcome),
            _ => self.insert_alone(&NewRow::of(delivery)).await,
        }
    }

    /// Ends a lease and sets the delivery's next state. `false` if the lease is not held.
    async fn finish(&self, finish: Finish) -> Result<bool, Failure> {
        match self.run(Job::Finish(finish.clone())).await? {
            Answer::Finished(held) => Ok(held),
            _ => self.finish_alone(finish).await,
        }
    }

    /// Waits for the transactions that have locked the delivery or its ordering key.
    async fn finish_alone(&self, finish: Finish) -> Result<bool, Failure> {
        let call = Call::new(FINISH)
            .bind(&finish.identity)
            .bind(finish.fence)
            .bind(finish.state.as_str())
            .bind(finish.at)
            .bind(finish.error);
        let row = self.row(call).await?.ok_or(sqlx::Error::RowNotFound)?;
        Ok(row.try_get(0)?)
    }

    /// Changes what is older than a time, slice by slice, so that no other call waits for long. Returns how many rows it has written.
    async fn in_slices(&self, template: &'static str, before: Timestamp) -> Result<u64, Failure> {
        let mut sum = 0;
        loop {
            let call = Call::new(template)
                .bind(before.unix_micros())
                .bind(row_limit(SLICE));
            let written = self.call(call).await?.written;
            sum += written;
            if written < SLICE as u64 {
                return Ok(sum);
            }
        }
    }

    async fn requeue_buried(
        &self,
        envelope_id: &EnvelopeId,
        now: Timestamp,
        attempts: RequeueAttempts,
    ) -> Result<RequeueOutcome, Failure> {
        let call = Call::once(REQUEUE)
            .bind(Identity::of(envelope_id.as_str()))
            .bind(now.unix_micros())
            .bind(attempts == RequeueAttempts::Single);
        let row = self.row(call).await?.ok_or(sqlx::Error::RowNotFound)?;
        Ok(match row.try_get::<Option<&str>, _>(0)? {
            Some("expunged") => RequeueOutcome::Expunged,
            Some(_) => RequeueOutcome::Requeued,
            None => RequeueOutcome::NotBuried,
        })
    }
}

fn read_buried(row: &PgRow) -> Result<BuriedDelivery, sqlx::Error> {
    let attempts: i64 = row.try_get("attempt")?;
    let attempts = u32::try_from(attempts).unwrap_or(u32::MAX);
    columns::read_buried(&Row(row), attempts, row.try_get("expunged")?)
}

#[async_trait]
impl InboxStore for PostgresStore {
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
        let terms = LeaseTerms {
            now: now.unix_micros(),
            until: until.unix_micros(),
            limit,
        };
        match self.run(Job::Lease(terms)).await {
            Ok(Answer::Leased(leased)) => Ok(leased),
            // The answer fits the job.
            Ok(_) => Err(failed("leasing deliveries")(Failure::without_effect(
                sqlx::Error::WorkerCrashed,
            ))),
            Err(failure) => Err(failed("leasing deliveries")(failure)),
        }
    }

    async fn complete(&self, lease: &Lease, now: Timestamp) -> Result<bool, StoreError> {
        self.finish(Finish::new(lease, DeliveryState::Done, now, None))
            .await
            .map_err(failed("completing a delivery"))
    }

    async fn retry(&self, lease: &Lease, at: Timestamp, error: &str) -> Result<bool, StoreError> {
        self.finish(Finish::new(lease, DeliveryState::Queued, at, Some(error)))
            .await
            .map_err(failed("queueing a failed delivery"))
    }

    async fn bury(&self, lease: &Lease, now: Timestamp, error: &str) -> Result<bool, StoreError> {
        self.finish(Finish::new(lease, DeliveryState::Buried, now, Some(error)))
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
            Some(after) => Call::new(BURIED_BEHIND)
                .bind(after.buried_at.unix_micros())
                .bind(indexed(after.envelope_id.as_str())),
            None => Call::new(BURIED),
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
        let read = |row: Option<PgRow>| match row {
            Some(row) => Ok(row.try_get::<Option<i64>, _>(0)?.map(Timestamp::from_unix_micros)),
            None => Ok(None),
        };
        let row = self.row(Call::new(NEXT_DUE)).await;
        row.and_then(read)
            .map_err(not_read("asking when the next delivery is due"))
    }

    async fn state(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryState>, StoreError> {
        let read = |row: Option<PgRow>| match row {
            Some(row) => Ok(Some(read_state(row.try_get(0)?)?)),
            None => Ok(None),
        };
        let row = self
            .row(Call::new(STATE).bind(Identity::of(envelope_id.as_str())))
            .await;
        row.and_then(read).map_err(not_read("loading a delivery's state"))
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.in_slices(FORGET, before)
            .await
            .map_err(failed("forgetting handled deliveries"))
    }
}
