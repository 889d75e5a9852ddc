//! [`TokenStore`] in memory.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::Bound,
    sync::Mutex,
};

use async_trait::async_trait;
use revento_core::{ClientId, Connection, ConnectionKey, EventId, Timestamp};

use super::lock;
use crate::{
    ClaimOutcome, ClaimTerms, CreateOutcome, DueCursor, Fence, Record, Slot, StoreError, Stored, SwapOutcome,
    TokenAdmin, TokenStore, Version,
};

/// A [`TokenStore`] that lives as long as the process.
#[derive(Default)]
pub struct MemoryTokens(Mutex<Table>);

#[derive(Default)]
struct Table {
    /// By the key's text.
    slots: BTreeMap<String, Slot>,
    /// One counter for versions and fences of all keys: none is ever used twice.
    counter: i64,
}

impl Table {
    /// The records behind a key that are wanted, in the order of their keys.
    fn select(
        &self,
        after: Option<&ConnectionKey>,
        wanted: impl Fn(&Connection) -> bool,
    ) -> impl Iterator<Item = Stored> {
        let first = after.map_or(Bound::Unbounded, |key| Bound::Excluded(key.to_string()));
        self.slots
            .range((first, Bound::Unbounded))
            .filter_map(|(_, slot)| slot.stored())
            .filter(move |stored| wanted(&stored.record.connection))
            .cloned()
    }
}

impl MemoryTokens {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Changes the slot of a key; the change gets an unused number.
    fn change<T>(&self, key: &ConnectionKey, change: impl FnOnce(i64, &mut Slot) -> T) -> T {
        let mut table = lock(&self.0);
        table.counter += 1;
        let number = table.counter;
        let key = key.to_string();
        let slot = table.slots.entry(key.clone()).or_default();
        let answer = change(number, slot);
        if slot.stored().is_none() {
            table.slots.remove(&key);
        }
        answer
    }
}

impl fmt::Debug for MemoryTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTokens")
            .field("records", &lock(&self.0).slots.len())
            .finish()
    }
}

#[async_trait]
impl TokenAdmin for MemoryTokens {
    async fn clients(&self) -> Result<Vec<ClientId>, StoreError> {
        let table = lock(&self.0);
        let clients: BTreeSet<ClientId> = table
            .select(None, |_| true)
            .map(|stored| stored.record.connection.key.client_id)
            .collect();
        Ok(clients.into_iter().collect())
    }
}

#[async_trait]
impl TokenStore for MemoryTokens {
    async fn load(&self, key: &ConnectionKey) -> Result<Option<Stored>, StoreError> {
        let table = lock(&self.0);
        Ok(table.slots.get(&key.to_string()).and_then(Slot::stored).cloned())
    }

    async fn create(&self, record: &Record) -> Result<CreateOutcome, StoreError> {
        let key = &record.connection.key;
        Ok(self.change(key, |number, slot| slot.create(number, record.clone())))
    }

    async fn compare_and_swap(
        &self,
        expected: Version,
        record: &Record,
        fence: Option<Fence>,
    ) -> Result<SwapOutcome, StoreError> {
        let key = &record.connection.key;
        Ok(self.change(key, |number, slot| {
            slot.compare_and_swap(number, expected, record.clone(), fence)
        }))
    }

    async fn claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, StoreError> {
        Ok(self.change(key, |number, slot| slot.claim(number, terms)))
    }

    async fn release(&self, key: &ConnectionKey, fence: Fence) -> Result<(), StoreError> {
        self.change(key, |_, slot| slot.release(fence));
        Ok(())
    }

    async fn due(
        &self,
        client_id: &ClientId,
        before: Timestamp,
        after: Option<&DueCursor>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let place = |stored: &Stored| {
            let connection = &stored.record.connection;
            (connection.refresh_expires_at, connection.key.to_string())
        };
        let after = after.map(|cursor| (cursor.refresh_expires_at, cursor.key.to_string()));
        let table = lock(&self.0);
        let mut due: Vec<_> = table
            .select(None, |connection| {
                connection.key.client_id == *client_id
                    && connection.status.is_live()
                    && connection.refresh_expires_at < before
            })
            .filter(|stored| after.as_ref().is_none_or(|after| place(stored) > *after))
            .collect();
        due.sort_by_key(|stored| stored.record.connection.refresh_expires_at); // Stable: equal ones keep their order.
        due.truncate(limit);
        Ok(due)
    }

    async fn of_event(
        &self,
        client_id: &ClientId,
        event_id: &EventId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let of_event = |connection: &Connection| {
            connection.key.client_id == *client_id && connection.key.event_id == *event_id
        };
        Ok(lock(&self.0).select(after, of_event).take(limit).collect())
    }

    async fn of_client(
        &self,
        client_id: &ClientId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let of_client = |connection: &Connection| connection.key.client_id == *client_id;
        Ok(lock(&self.0).select(after, of_client).take(limit).collect())
    }

    async fn remove(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        self.change(key, |_, slot| slot.remove());
        Ok(())
    }
}
