//! [`TokenStore`].

use async_trait::async_trait;
use revento_core::{ClientId, ConnectionKey, EventId, Timestamp};
use revento_store::{
    ClaimOutcome, ClaimTerms, CreateOutcome, DueCursor, Fence, Record, StoreError, Stored, SwapOutcome,
    TokenStore, Version,
    columns::{self, Row as _, Value},
};

use super::{Row, SqlStore, failed, integer, not_read, row_limit, text, time};

fn records(rows: Result<Vec<Row>, sqlx::Error>) -> Result<Vec<Stored>, sqlx::Error> {
    rows?.iter().map(columns::read_stored).collect()
}

#[async_trait]
impl TokenStore for SqlStore {
    async fn load(&self, key: &ConnectionKey) -> Result<Option<Stored>, StoreError> {
        let rows = self.read("load", &[text(key)]).await;
        Ok(records(rows).map_err(not_read("loading a connection"))?.pop())
    }

    async fn create(&self, record: &Record) -> Result<CreateOutcome, StoreError> {
        let create = async {
            let mut work = self.begin("create").await?;
            let mut values = columns::of_record(record).to_vec();
            values.push(integer(work.number().await?));
            let created = work.row("create", &values).await?;
            work.commit().await?;
            Ok(match created {
                Some(row) => CreateOutcome::Created(Version(row.number("version")?)),
                None => CreateOutcome::AlreadyExists,
            })
        };
        create.await.map_err(failed("storing a new connection"))
    }

    async fn compare_and_swap(
        &self,
        expected: Version,
        record: &Record,
        fence: Option<Fence>,
    ) -> Result<SwapOutcome, StoreError> {
        let fence = Value::Integer(fence.map(|fence| fence.0));
        let swap = async {
            let mut work = self.begin("swap").await?;
            let look = [text(&record.connection.key), integer(expected.0), fence.clone()];
            if work.row("swap_look", &look).await?.is_none() {
                return Ok(SwapOutcome::Conflict);
            }
            let mut values = columns::of_record(record).to_vec();
            values.extend([integer(work.number().await?), fence]);
            let swapped = work.row("swap", &values).await?;
            work.commit().await?;
            Ok(match swapped {
                Some(row) => SwapOutcome::Swapped(Version(row.number("version")?)),
                None => SwapOutcome::Conflict,
            })
        };
        swap.await.map_err(failed("replacing a connection"))
    }

    async fn claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, StoreError> {
        let claim = async {
            let mut work = self.begin("claim").await?;
            let look = [text(key), integer(terms.version.0), time(terms.now)];
            let Some(row) = work.row("claim_look", &look).await? else {
                return Ok(ClaimOutcome::VersionChanged);
            };
            let until = row.integer("claimed_until")?.map(Timestamp::from_unix_micros);
            if let Some(until) = until
                && row.flag("held")?
            {
                return Ok(ClaimOutcome::Held { until });
            }
            let fence = integer(work.number().await?);
            let claimed = work.row("claim", &[text(key), fence, time(terms.until)]).await?;
            work.commit().await?;
            Ok(match claimed {
                Some(row) => ClaimOutcome::Granted {
                    fence: Fence(row.number("fence")?),
                    abandoned: row.flag("abandoned")?,
                },
                None => ClaimOutcome::VersionChanged,
            })
        };
        claim.await.map_err(failed("claiming a connection"))
    }

    async fn release(&self, key: &ConnectionKey, fence: Fence) -> Result<(), StoreError> {
        let release = async {
            let mut work = self.begin("release").await?;
            work.change("release", &[text(key), integer(fence.0)]).await?;
            work.commit().await
        };
        release.await.map_err(failed("releasing a claim"))
    }

    async fn due(
        &self,
        client_id: &ClientId,
        before: Timestamp,
        after: Option<&DueCursor>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        // No key is empty.
        let behind = match after {
            Some(cursor) => [time(cursor.refresh_expires_at), text(&cursor.key)],
            None => [integer(i64::MIN), text("")],
        };
        let [at, key] = behind;
        let values = [text(client_id), time(before), at, key, row_limit(limit)];
        records(self.read("due", &values).await).map_err(not_read("listing due connections"))
    }

    async fn of_event(
        &self,
        client_id: &ClientId,
        event_id: &EventId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let after = text(after.map(ToString::to_string).unwrap_or_default());
        let values = [text(client_id), text(event_id), after, row_limit(limit)];
        records(self.read("of_event", &values).await).map_err(not_read("listing the connections of an event"))
    }

    async fn of_client(
        &self,
        client_id: &ClientId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let after = text(after.map(ToString::to_string).unwrap_or_default());
        let values = [text(client_id), after, row_limit(limit)];
        records(self.read("of_client", &values).await)
            .map_err(not_read("listing the connections of an integration"))
    }

    async fn remove(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        let remove = async {
            let mut work = self.begin("remove").await?;
            work.change("remove", &[text(key)]).await?;
            work.commit().await
        };
        remove.await.map_err(failed("removing a connection"))
    }
}
