//! [`MemoryMirror`]: a [`MirrorStore`] in memory, for tests and for programs that read everything again when they start.

mod event;

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use revento_core::{EventId, Timestamp};
use revento_store::{Fence, StoreError};

use self::event::EventRows;
use crate::store::{
    Loaded, MirrorStore, MirrorWrite, MirroredEvent, ReadClaim, RowCounts, RowKey, RowQuery, StoredChanges,
    StoredRow, WriteOutcome,
};

/// Mirrored events in memory. It honours the whole contract of [`MirrorStore`] but durability.
#[derive(Default)]
pub struct MemoryMirror(Mutex<BTreeMap<EventId, EventRows>>);

impl MemoryMirror {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// A panic of another caller leaves nothing half done here: a write is judged before it changes anything.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<EventId, EventRows>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl MirrorStore for MemoryMirror {
    async fn begin(&self, event_id: &EventId, progress: &str) -> Result<bool, StoreError> {
        let mut events = self.lock();
        if events.contains_key(event_id) {
            return Ok(false);
        }
        events.insert(event_id.clone(), EventRows::new(event_id.clone(), progress));
        Ok(true)
    }

    async fn events(&self, after: Option<&EventId>, limit: usize) -> Result<Vec<MirroredEvent>, StoreError> {
        let events = self.lock();
        let behind = events
            .values()
            .filter(|event| after.is_none_or(|after| *after < event.state().event_id));
        Ok(behind.take(limit).map(|event| event.state().clone()).collect())
    }

    async fn claim(
        &self,
        event_id: &EventId,
        held: Option<Fence>,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<ReadClaim, StoreError> {
        let mut events = self.lock();
        let event = events.get_mut(event_id);
        Ok(event.map_or(ReadClaim::Unknown, |event| event.claim(held, now, until)))
    }

    async fn release(&self, event_id: &EventId, fence: Fence) -> Result<(), StoreError> {
        if let Some(event) = self.lock().get_mut(event_id) {
            event.release(fence);
        }
        Ok(())
    }

    async fn load(&self, event_id: &EventId, keys: &[RowKey]) -> Result<Loaded, StoreError> {
        let events = self.lock();
        let event = events.get(event_id);
        Ok(Loaded {
            event: event.map(|event| event.state().clone()),
            rows: event.map(|event| event.load(keys)).unwrap_or_default(),
        })
    }

    async fn write(&self, write: &MirrorWrite) -> Result<WriteOutcome, StoreError> {
        let mut events = self.lock();
        let event = events.get_mut(&write.event_id);
        Ok(event.map_or(WriteOutcome::OtherEpoch, |event| event.write(write)))
    }

    async fn rows(&self, query: &RowQuery) -> Result<Vec<StoredRow>, StoreError> {
        let events = self.lock();
        let event = events.get(&query.event_id);
        Ok(event.map(|event| event.query(query)).unwrap_or_default())
    }

    async fn counts(&self, event_id: &EventId) -> Result<RowCounts, StoreError> {
        Ok(self
            .lock()
            .get(event_id)
            .map(EventRows::counts)
            .unwrap_or_default())
    }

    async fn changes(
        &self,
        event_id: &EventId,
        after: i64,
        limit: usize,
    ) -> Result<StoredChanges, StoreError> {
        let events = self.lock();
        Ok(match events.get(event_id) {
            Some(event) => event.changes(after, limit),
            None => StoredChanges {
                changes: Vec::new(),
                forgotten_to: 0,
            },
        })
    }

    async fn forget_changes(&self, before: Timestamp) -> Result<u64, StoreError> {
        Ok(self
            .lock()
            .values_mut()
            .map(|event| event.forget_changes(before))
            .sum())
    }

    async fn wipe(
        &self,
        event_id: &EventId,
        epoch: i64,
        at: Timestamp,
    ) -> Result<Option<RowCounts>, StoreError> {
        let mut events = self.lock();
        Ok(events.get_mut(event_id).and_then(|event| event.wipe(epoch, at)))
    }
}

/// Shows the number of events only, because rows are personal.
impl fmt::Debug for MemoryMirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryMirror")
            .field("events", &self.lock().len())
            .finish_non_exhaustive()
    }
}
