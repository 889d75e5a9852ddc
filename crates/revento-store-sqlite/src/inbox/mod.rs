//! [`InboxStore`] on SQLite.
//!
//! Of the deliveries that share an ordering key one waits in front; the others are marked as
//! `behind`, so that a lease reads an index from its beginning whatever the backlog. When the front one
//! is taken out of the queue (by handling or burying it), a trigger lets the next one move up.

mod admin;
mod sql;
mod transactions;

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};
use revento_store::{
    BuriedCursor, BuriedDelivery, CompletionStatement, DeliveryState, InboxStore, InsertOutcome, Lease,
    LeasedDelivery, NewDelivery, RequeueAttempts, RequeueOutcome, StoreError,
};

#[cfg(test)]
pub(crate) use self::{admin::QUERIES as ADMIN_QUERIES, sql::QUERIES};
use self::{
    sql::{BURIED, BURIED_BEHIND, COMPLETE, EXPUNGE, FORGET, NEXT_DUE, STATE},
    transactions::{read_buried, read_state},
};
use crate::{
    SqliteStore,
    error::{failed, not_read},
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
            envelope_id: lease.envelope_id.as_str().to_owned(),
            fence: lease.fence,
            at: now.unix_micros(),
        }
    }
}

#[async_trait]
impl InboxStore for SqliteStore {
    async fn insert(&self, delivery: &NewDelivery) -> Result<InsertOutcome, StoreError> {
        self.insert_new(delivery)
            .await
            .map_err(failed("keeping a delivery"))
    }

    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<LeasedDelivery>, StoreError> {
        self.lease_ready(now, until, limit)
            .await
            .map_err(failed("leasing deliveries"))
    }

    async fn complete(&self, lease: &Lease, now: Timestamp) -> Result<bool, StoreError> {
        self.finish(lease, DeliveryState::Done, now, None)
            .await
            .map_err(failed("completing a delivery"))
    }

    async fn retry(&self, lease: &Lease, at: Timestamp, error: &str) -> Result<bool, StoreError> {
        self.finish(lease, DeliveryState::Queued, at, Some(error))
            .await
            .map_err(failed("giving a delivery back"))
    }

    async fn bury(&self, lease: &Lease, now: Timestamp, error: &str) -> Result<bool, StoreError> {
        self.finish(lease, DeliveryState::Buried, now, Some(error))
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
            let count = self.write_before(EXPUNGE, before).await?;
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
        let query = sqlx::query_scalar(STATE).bind(envelope_id.as_str());
        let state: Result<Option<String>, _> = query.fetch_optional(&self.readers).await;
        let read = |state: Option<String>| state.as_deref().map(read_state).transpose();
        state.and_then(read).map_err(not_read("looking a delivery up"))
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        self.write_before(FORGET, before)
            .await
            .map_err(failed("forgetting handled deliveries"))
    }
}
