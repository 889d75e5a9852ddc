//! [`TokenStore`] in memory.

use std::{collections::BTreeMap, fmt, sync::Mutex};

use async_trait::async_trait;
use revento_core::{ClientId, ConnectionKey, EventId, Timestamp};

use super::lock;
use crate::{
    ClaimOutcome, ClaimTerms, CreateOutcome, Fence, Record, Slot, StoreError, Stored, SwapOutcome,
    TokenStore, Version,
};

/// A [`TokenStore`] that lives as long as the process.
#[derive(Default)]
pub struct MemoryTokens(Mutex<Table>);

#[derive(Default)]
struct Table {
    slots: BTreeMap<ConnectionKey, Slot>,
    /// One counter for versions and fences of all keys: none is ever used twice.
    counter: i64,
}

impl Table {
    fn select(&self, wanted: impl Fn(&Record) -> bool) -> Vec<Stored> {
        let all = self.slots.values().filter_map(Slot::stored);
        all.filter(|stored| wanted(&stored.record)).cloned().collect()
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
        let slot = table.slots.entry(key.clone()).or_default();
        let answer = change(number, slot);
        if slot.stored().is_none() {
            table.slots.remove(key);
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
impl TokenStore for MemoryTokens {
    async fn load(&self, key: &ConnectionKey) -> Result<Option<Stored>, StoreError> {
        Ok(lock(&self.0).slots.get(key).and_then(Slot::stored).cloned())
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

    async fn due(&self, before: Timestamp, limit: usize) -> Result<Vec<Stored>, StoreError> {
        let mut due = lock(&self.0).select(|record| {
            record.connection.status.is_live() && record.connection.refresh_expires_at < before
        });
        due.sort_by_key(|stored| stored.record.connection.refresh_expires_at);
        due.truncate(limit);
        Ok(due)
    }

    async fn of_event(&self, client_id: &ClientId, event_id: &EventId) -> Result<Vec<Stored>, StoreError> {
        Ok(lock(&self.0).select(|record| {
            let key = &record.connection.key;
            key.client_id == *client_id && key.event_id == *event_id
        }))
    }

    async fn of_client(&self, client_id: &ClientId) -> Result<Vec<Stored>, StoreError> {
        Ok(lock(&self.0).select(|record| record.connection.key.client_id == *client_id))
    }

    async fn remove(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        self.change(key, |_, slot| slot.remove());
        Ok(())
    }
}
