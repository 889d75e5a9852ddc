//! [`InboxStore`].

use async_trait::async_trait;
use revento_core::{EnvelopeId, Timestamp};
use revento_store::{
    BuriedCursor, BuriedDelivery, DeliveryState, InboxStore, InsertOutcome, Lease, LeasedDelivery,
    NewDelivery, RequeueAttempts, RequeueOutcome, StoreError,
    columns::{self, Row as _, Value},
};

use super::{Row, SqlStore, bytes, failed, integer, not_read, row_limit, text, time};

fn state(row: &Row) -> Result<DeliveryState, sqlx::Error> {
    let name = row.text("state")?.unwrap_or_default();
    DeliveryState::from_name(&name).ok_or_else(|| row.unreadable("state"))
}

fn attempts(row: &Row) -> Result<u32, sqlx::Error> {
    u32::try_from(row.number("attempts")?).map_err(|_| row.unreadable("attempts"))
}

impl SqlStore {
    /// Runs a statement that takes a delivery out of its lease. `false` if the lease is not held.
    async fn finish(
        &self,
        statement: &'static str,
        lease: &Lease,
        at: Timestamp,
        error: Option<&str>,
    ) -> Result<bool, sqlx::Error> {
        let mut work = self.begin(statement).await?;
        let mut values = vec![text(&lease.envelope_id), integer(lease.fence), time(at)];
        values.extend(error.map(text));
        let finished = work.change(statement, &values).await?;
        work.commit().await?;
        Ok(finished == 1)
    }

    /// Runs a statement that cleans up. Returns how many deliveries it changed.
    async fn clean(&self, statement: &'static str, before: Timestamp) -> Result<u64, sqlx::Error> {
        let mut work = self.begin(statement).await?;
        let cleaned = work.change(statement, &[time(before)]).await?;
        work.commit().await?;
        Ok(cleaned)
    }

    async fn insert_new(&self, delivery: &NewDelivery) -> Result<InsertOutcome, sqlx::Error> {
        let mut work = self.begin("insert").await?;
        let id = text(&delivery.envelope_id);
        let (body, digest) = (bytes(delivery.body.as_bytes()), bytes(&delivery.body_digest));
        let Some(known) = work.row("known", &[id.clone(), digest.clone()]).await? else {
            let values = [
                id.clone(),
                text(&delivery.delivery_id),
                text(delivery.event_type.as_str()),
                text(&delivery.ordering_key),
                time(delivery.occurred_at),
                time(delivery.received_at),
                body,
                digest,
                integer(work.number().await?),
            ];
            work.change("insert", &values).await?;
            let reused = work.row("reused", &[text(&delivery.delivery_id), id]).await?;
            work.commit().await?;
            let delivery_id_reused = reused
                .map(|row| row.flag("others"))
                .transpose()?
                .unwrap_or_default();
            return Ok(InsertOutcome::New { delivery_id_reused });
        };
        let other_body = known.flag("other_body")? && !known.flag("expunged")?;
        let (state, at) = (state(&known)?, Timestamp::from_unix_micros(known.number("at")?));
        if state != DeliveryState::Buried || delivery.signed_at <= at {
            return Ok(InsertOutcome::Known { state, other_body });
        }
        let arrival = integer(work.number().await?);
        work.change("replay", &[id, time(delivery.received_at), body, digest, arrival])
            .await?;
        work.commit().await?;
        Ok(InsertOutcome::Requeued { other_body })
    }
}

#[async_trait]
impl InboxStore for SqlStore {
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
        let lease = async {
            let mut work = self.begin("lease").await?;
            let due = work.rows("lease_look", &[time(now), row_limit(limit)]).await?;
            let mut leased = Vec::new();
            for row in due {
                let fence = integer(work.number().await?);
                let id = Value::Text(row.text("envelope_id")?);
                if let Some(row) = work.row("lease", &[id, time(until), fence]).await? {
                    let single_attempt = row.flag("single_attempt")?;
                    leased.push(columns::read_leased(&row, attempts(&row)?, single_attempt)?);
                }
            }
            work.commit().await?;
            Ok(leased)
        };
        lease.await.map_err(failed("leasing deliveries"))
    }

    async fn complete(&self, lease: &Lease, now: Timestamp) -> Result<bool, StoreError> {
        let finished = self.finish("complete", lease, now, None).await;
        finished.map_err(failed("completing a delivery"))
    }

    async fn retry(&self, lease: &Lease, at: Timestamp, error: &str) -> Result<bool, StoreError> {
        let finished = self.finish("retry", lease, at, Some(error)).await;
        finished.map_err(failed("giving a delivery back"))
    }

    async fn bury(&self, lease: &Lease, now: Timestamp, error: &str) -> Result<bool, StoreError> {
        let finished = self.finish("bury", lease, now, Some(error)).await;
        finished.map_err(failed("burying a delivery"))
    }

    async fn requeue(
        &self,
        envelope_id: &EnvelopeId,
        now: Timestamp,
        attempts: RequeueAttempts,
    ) -> Result<RequeueOutcome, StoreError> {
        let requeue = async {
            let mut work = self.begin("requeue").await?;
            let id = text(envelope_id);
            let Some(row) = work.row("requeue_look", std::slice::from_ref(&id)).await? else {
                return Ok(RequeueOutcome::NotBuried);
            };
            if row.flag("expunged")? {
                return Ok(RequeueOutcome::Expunged);
            }
            let arrival = integer(work.number().await?);
            let single = Value::Flag(attempts == RequeueAttempts::Single);
            work.change("requeue", &[id, time(now), arrival, single]).await?;
            work.commit().await?;
            Ok(RequeueOutcome::Requeued)
        };
        requeue.await.map_err(failed("queueing a buried delivery"))
    }

    async fn buried(
        &self,
        after: Option<&BuriedCursor>,
        limit: usize,
    ) -> Result<Vec<BuriedDelivery>, StoreError> {
        let buried = async {
            let rows = match after {
                Some(after) => {
                    let values = [time(after.buried_at), text(&after.envelope_id), row_limit(limit)];
                    self.read("buried", &values).await?
                }
                None => self.read("buried_first", &[row_limit(limit)]).await?,
            };
            let read = |row: &Row| columns::read_buried(row, attempts(row)?, row.flag("expunged")?);
            rows.iter().map(read).collect::<Result<_, _>>()
        };
        buried.await.map_err(not_read("listing buried deliveries"))
    }

    async fn expunge(&self, before: Timestamp) -> Result<u64, StoreError> {
        let expunged = self.clean("expunge", before).await;
        expunged.map_err(failed("expunging buried deliveries"))
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let next = async {
            let row = self
                .read("next_due", &[])
                .await?
                .pop()
                .ok_or(sqlx::Error::RowNotFound)?;
            Ok(row.integer("at")?.map(Timestamp::from_unix_micros))
        };
        next.await.map_err(not_read("asking what is due next"))
    }

    async fn state(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryState>, StoreError> {
        let row = async {
            let row = self.read("state", &[text(envelope_id)]).await?.pop();
            row.as_ref().map(state).transpose()
        };
        row.await.map_err(not_read("looking a delivery up"))
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        let forgotten = self.clean("forget", before).await;
        forgotten.map_err(failed("forgetting handled deliveries"))
    }
}
