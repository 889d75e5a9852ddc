//! An in-memory token store whose swap reads, waits and writes back all that it has read.

use std::{collections::BTreeMap, sync::Mutex};

use async_trait::async_trait;
use revento_core::{ClientId, ConnectionKey, EventId, Timestamp};
use revento_store::{
    ClaimOutcome, ClaimTerms, CreateOutcome, DueCursor, Fence, Record, Slot, StoreError, Stored, SwapOutcome,
    TokenStore, Version,
};

#[derive(Debug, Default)]
pub(super) struct SwapInTwoSteps(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    slots: BTreeMap<String, Slot>,
    counter: i64,
}

impl SwapInTwoSteps {
    fn change<R>(&self, key: &ConnectionKey, change: impl FnOnce(i64, &mut Slot) -> R) -> R {
        let mut table = self.0.lock().unwrap();
        table.counter += 1;
        let number = table.counter;
        change(number, table.slots.entry(key.to_string()).or_default())
    }

    fn stored(&self) -> Vec<Stored> {
        let table = self.0.lock().unwrap();
        table
            .slots
            .values()
            .filter_map(|slot| slot.stored().cloned())
            .collect()
    }
}

#[async_trait]
impl TokenStore for SwapInTwoSteps {
    async fn load(&self, key: &ConnectionKey) -> Result<Option<Stored>, StoreError> {
        Ok(self.change(key, |_, slot| slot.stored().cloned()))
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
        let (number, mut read) = self.change(key, |number, slot| (number, slot.clone()));
        crate::between_the_steps().await;
        let swapped = read.compare_and_swap(number, expected, record.clone(), fence);
        if swapped != SwapOutcome::Conflict {
            self.change(key, |_, slot| *slot = read);
        }
        Ok(swapped)
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
        _: &ClientId,
        _: Timestamp,
        _: Option<&DueCursor>,
        _: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        Ok(self.stored())
    }

    async fn of_event(
        &self,
        _: &ClientId,
        _: &EventId,
        _: Option<&ConnectionKey>,
        _: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        Ok(self.stored())
    }

    async fn of_client(
        &self,
        _: &ClientId,
        _: Option<&ConnectionKey>,
        _: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        Ok(self.stored())
    }

    async fn remove(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        self.change(key, |_, slot| slot.remove());
        Ok(())
    }
}
