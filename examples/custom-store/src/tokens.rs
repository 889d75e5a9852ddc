//! [`TokenStore`] in SQL. [`Slot`] has the rules.

use async_trait::async_trait;
use revento_core::{ClientId, ConnectionKey, EventId, Timestamp};
use revento_store::{
    ClaimOutcome, ClaimTerms, CreateOutcome, DueCursor, Fence, Record, Slot, StoreError, Stored, SwapOutcome,
    TokenStore, Version,
};

use crate::sql::{BoxError, SqlStore, key_of, not_read, not_written, row_limit};

const GET: &str = "SELECT slot FROM connections WHERE id = ?";
const DELETE: &str = "DELETE FROM connections WHERE id = ?";
const PUT: &str = "INSERT INTO connections (id, client, event, due_at, slot) VALUES (?, ?, ?, ?, ?)";
const DUE: &str = "SELECT slot FROM connections
    WHERE client = ? AND due_at < ? AND (due_at > ? OR due_at = ? AND id > ?) ORDER BY due_at, id LIMIT ?";
const OF_EVENT: &str =
    "SELECT slot FROM connections WHERE client = ? AND event = ? AND id > ? ORDER BY id LIMIT ?";
const OF_CLIENT: &str = "SELECT slot FROM connections WHERE client = ? AND id > ? ORDER BY id LIMIT ?";

impl SqlStore {
    /// Changes the slot of a key in one transaction. The change gets an unused number.
    async fn change_connection<T>(
        &self,
        key: &ConnectionKey,
        change: impl FnOnce(i64, &mut Slot) -> T + Send,
    ) -> Result<T, BoxError> {
        let id = key_of(&key.to_string());
        let (mut tx, number) = self.begin().await?;
        let bytes: Option<Vec<u8>> = sqlx::query_scalar(GET).bind(&id).fetch_optional(&mut *tx).await?;
        let mut slot = Slot::from_bytes(&bytes.unwrap_or_default())?;
        let answer = change(number, &mut slot);
        sqlx::query(DELETE).bind(&id).execute(&mut *tx).await?;
        if slot.stored().is_some() {
            sqlx::query(PUT)
                .bind(&id)
                .bind(key_of(key.client_id.as_str()))
                .bind(key_of(key.event_id.as_str()))
                .bind(slot.due_at().map(Timestamp::unix_micros))
                .bind(slot.to_bytes())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(answer)
    }
}

fn read(slots: Vec<Vec<u8>>) -> Result<Vec<Stored>, BoxError> {
    let mut records = Vec::with_capacity(slots.len());
    for bytes in slots {
        records.extend(Slot::from_bytes(&bytes)?.into_stored());
    }
    Ok(records)
}

/// The key behind which a page begins. Before each key is the empty one.
fn behind(after: Option<&ConnectionKey>) -> Vec<u8> {
    after.map(|key| key_of(&key.to_string())).unwrap_or_default()
}

#[async_trait]
impl TokenStore for SqlStore {
    async fn load(&self, key: &ConnectionKey) -> Result<Option<Stored>, StoreError> {
        let load = sqlx::query_scalar(GET).bind(key_of(&key.to_string()));
        let slots = load.fetch_all(&self.0).await.map_err(BoxError::from);
        let mut records = slots.and_then(read).map_err(not_read("loading a connection"))?;
        Ok(records.pop())
    }

    async fn create(&self, record: &Record) -> Result<CreateOutcome, StoreError> {
        let create = |number, slot: &mut Slot| slot.create(number, record.clone());
        self.change_connection(&record.connection.key, create)
            .await
            .map_err(not_written("storing a new connection"))
    }

    async fn compare_and_swap(
        &self,
        expected: Version,
        record: &Record,
        fence: Option<Fence>,
    ) -> Result<SwapOutcome, StoreError> {
        let swap = |number, slot: &mut Slot| slot.compare_and_swap(number, expected, record.clone(), fence);
        self.change_connection(&record.connection.key, swap)
            .await
            .map_err(not_written("replacing a connection"))
    }

    async fn claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, StoreError> {
        self.change_connection(key, |number, slot| slot.claim(number, terms))
            .await
            .map_err(not_written("claiming a refresh"))
    }

    async fn release(&self, key: &ConnectionKey, fence: Fence) -> Result<(), StoreError> {
        self.change_connection(key, |_, slot| slot.release(fence))
            .await
            .map_err(not_written("releasing a claim"))
    }

    async fn remove(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        self.change_connection(key, |_, slot| slot.remove())
            .await
            .map_err(not_written("removing a connection"))
    }

    async fn due(
        &self,
        client_id: &ClientId,
        before: Timestamp,
        after: Option<&DueCursor>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let at = after.map_or(i64::MIN, |after| after.refresh_expires_at.unix_micros());
        let list = sqlx::query_scalar(DUE)
            .bind(key_of(client_id.as_str()))
            .bind(before.unix_micros())
            .bind(at)
            .bind(at)
            .bind(behind(after.map(|after| &after.key)))
            .bind(row_limit(limit));
        let slots = list.fetch_all(&self.0).await.map_err(BoxError::from);
        slots.and_then(read).map_err(not_read("listing what is due"))
    }

    async fn of_event(
        &self,
        client_id: &ClientId,
        event_id: &EventId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let list = sqlx::query_scalar(OF_EVENT)
            .bind(key_of(client_id.as_str()))
            .bind(key_of(event_id.as_str()))
            .bind(behind(after))
            .bind(row_limit(limit));
        let slots = list.fetch_all(&self.0).await.map_err(BoxError::from);
        slots
            .and_then(read)
            .map_err(not_read("listing an event's connections"))
    }

    async fn of_client(
        &self,
        client_id: &ClientId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let list = sqlx::query_scalar(OF_CLIENT)
            .bind(key_of(client_id.as_str()))
            .bind(behind(after))
            .bind(row_limit(limit));
        let slots = list.fetch_all(&self.0).await.map_err(BoxError::from);
        slots
            .and_then(read)
            .map_err(not_read("listing an integration's connections"))
    }
}
