//! [`InboxStore`] on SQLite.
//!
//! Of the deliveries that share an ordering key one waits in front; the others are marked as
//! `behind`, so that a lease reads an index from its beginning whatever the backlog. When the front one
//! is taken out of the queue (by handling or burying it), a trigger lets the next one move up.

mod admin;
mod batch;
mod job;
mod script;
mod single;
mod sql;
mod transactions;

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};
use revento_store::{
    BuriedCursor, BuriedDelivery, CompletionStatement, DeliveryState, InboxStore, InsertOutcome, Lease,
    LeasedDelivery, NewDelivery, RequeueAttempts, RequeueOutcome, StoreError,
};

pub(crate) use self::batch::{Queue, SharedError, queue};
#[cfg(test)]
pub(crate) use self::{
    admin::QUERIES as ADMIN_QUERIES, script::example as example_script, single::QUERIES as SINGLE_QUERIES,
    sql::QUERIES,
};
use self::{
    job::{Answer, Finish, Insert, Job, LeaseTerms},
    sql::{BURIED, BURIED_BEHIND, COMPLETE, EXPUNGE, FORGET, NEXT_DUE, READY, STATE},
    transactions::{read_buried, read_state},
};
use crate::{
    SqliteStore,
    error::{failed, failed_together, not_read},
    hash,
    store::row_limit,
};

impl SqliteStore {
    /// What completes a delivery within a transaction of the handler's own, on any connection to the store's file: the
    /// handler's tables have to be in it, too. Name them other than `revento_…`, and begin with `BEGIN IMMEDIATE`: the inbox
    /// waits meanwhile.
    ///
    /// ```
    /// use revento_core::Timestamp;
    /// use revento_store::{CompletionStatement, Lease};
    /// use revento_store_sqlite::SqliteStore;
    /// use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
    ///
    /// /// What a handler does with a webhook whose `lease` it got.
    /// async fn handle(
    ///     connection: &mut SqliteConnection,
    ///     lease: &Lease,
    ///     now: Timestamp,
    /// ) -> Result<(), Box<dyn std::error::Error>> {
    ///     let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
    ///     sqlx::query("UPDATE badges SET approved = approved + 1").execute(&mut *tx).await?;
    ///
    ///     let CompletionStatement { sql, envelope_id, fence, at } = SqliteStore::completion(lease, now);
    ///     let completion = sqlx::query(AssertSqlSafe(sql)).bind(envelope_id).bind(fence).bind(at);
    ///     if completion.fetch_optional(&mut *tx).await?.is_none() {
    ///         return Err("the lease was lost".into()); // Dropped, the transaction is rolled back.
    ///     }
    ///     Ok(tx.commit().await?)
    /// }
    /// ```
    pub fn completion(lease: &Lease, now: Timestamp) -> CompletionStatement {
        CompletionStatement {
            sql: COMPLETE.to_owned(),
            envelope_id: hash::of_envelope(lease.envelope_id.as_str()),
            fence: lease.fence,
            at: now.unix_micros(),
        }
    }
}

impl SqliteStore {
    /// Takes a delivery out of its lease into another state. `false` when the lease is not held.
    async fn finish(
        &self,
        lease: &Lease,
        state: DeliveryState,
        at: Timestamp,
        error: Option<&str>,
        action: &'static str,
    ) -> Result<bool, StoreError> {
        let finish = Finish {
            envelope_hash: hash::of_envelope(lease.envelope_id.as_str()),
            fence: lease.fence,
            state,
            at,
            error: error.map(str::to_owned),
        };
        match self.run(Job::Finish(finish)).await {
            Ok(Answer::Finished(held)) => Ok(held),
            other => Err(not_run(action, other)),
        }
    }
}

/// The error of a job that has failed.
fn not_run(action: &'static str, answer: Result<Answer, SharedError>) -> StoreError {
    match answer {
        Err(error) => failed_together(action)(error),
        // The answer fits the job.
        Ok(_) => failed(action)(sqlx::Error::WorkerCrashed),
    }
}

#[async_trait]
impl InboxStore for SqliteStore {
    async fn insert(&self, delivery: &NewDelivery) -> Result<InsertOutcome, StoreError> {
        match self.run(Job::Insert(Insert::of(delivery))).await {
            Ok(Answer::Inserted(outcome)) => Ok(outcome),
            other => Err(not_run("keeping a delivery", other)),
        }
    }

    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<LeasedDelivery>, StoreError> {
        let action = "leasing deliveries";
        let limit = row_limit(limit);
        let ready = sqlx::query(READY).bind(now.unix_micros());
        let ready = ready
            .fetch_optional(&self.readers)
            .await
            .map_err(not_read(action))?;
        if ready.is_none() || limit == 0 {
            return Ok(Vec::new()); // An idle runner does not take the write lock.
        }
        match self.run(Job::Lease(LeaseTerms { now, until, limit })).await {
            Ok(Answer::Leased(leased)) => Ok(leased),
            other => Err(not_run(action, other)),
        }
    }

    async fn complete(&self, lease: &Lease, now: Timestamp) -> Result<bool, StoreError> {
        self.finish(lease, DeliveryState::Done, now, None, "completing a delivery")
            .await
    }

    async fn retry(&self, lease: &Lease, at: Timestamp, error: &str) -> Result<bool, StoreError> {
        self.finish(
            lease,
            DeliveryState::Queued,
            at,
            Some(error),
            "giving a delivery back",
        )
        .await
    }

    async fn bury(&self, lease: &Lease, now: Timestamp, error: &str) -> Result<bool, StoreError> {
        self.finish(
            lease,
            DeliveryState::Buried,
            now,
            Some(error),
            "burying a delivery",
        )
        .await
    }

    async fn requeue(
        &self,
        envelope_id: &EnvelopeId,
        now: Timestamp,
        attempts: RequeueAttempts,
    ) -> Result<RequeueOutcome, StoreError> {
        self.requeue_buried(envelope_id, now, attempts)
            .await
            .map_err(failed("queueing a buried delivery"))
    }

    async fn buried(
        &self,
        after: Option<&BuriedCursor>,
        limit: usize,
    ) -> Result<Vec<BuriedDelivery>, StoreError> {
        let query = match after {
            Some(after) => sqlx::query(BURIED_BEHIND)
                .bind(after.buried_at.unix_micros())
                .bind(after.envelope_id.as_str()),
            None => sqlx::query(BURIED),
        };
        let rows = query.bind(row_limit(limit)).fetch_all(&self.readers).await;
        rows.and_then(|rows| rows.iter().map(read_buried).collect())
            .map_err(not_read("listing buried deliveries"))
    }

    async fn expunge(&self, before: Timestamp) -> Result<u64, StoreError> {
        let expunge = async {
            let count = self.in_slices(EXPUNGE, before).await?;
            self.empty_log().await?;
            Ok(count)
        };
        expunge.await.map_err(failed("expunging buried deliveries"))
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let at: Result<Option<i64>, _> = sqlx::query_scalar(NEXT_DUE).fetch_one(&self.readers).await;
        Ok(at
            .map_err(not_read("asking what is due next"))?
            .map(Timestamp::from_unix_micros))
    }

    async fn state(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryState>, StoreError> {
        let query = sqlx::query_scalar(STATE).bind(hash::of_envelope(envelope_id.as_str()));
        let state: Result<Option<String>, _> = query.fetch_optional(&self.readers).await;
        let read = |state: Option<String>| state.as_deref().map(read_state).transpose();
        state.and_then(read).map_err(not_read("looking a delivery up"))
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.in_slices(FORGET, before)
            .await
            .map_err(failed("forgetting handled deliveries"))
    }
}
