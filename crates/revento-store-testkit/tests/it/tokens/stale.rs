//! Handles to one in-memory token store, of which each reads something that another one has replaced.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use revento_core::{ClientId, ConnectionKey, EventId, Timestamp};
use revento_store::{
    ClaimOutcome, ClaimTerms, CreateOutcome, DueCursor, Fence, Record, StoreError, Stored, SwapOutcome,
    TokenStore, Version, memory::MemoryTokens,
};

/// What a handle keeps from an earlier read, until it writes itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stale {
    Records,
    Absences,
    OfEvent,
    OfClient,
    Due,
    /// Whether a record exists, as `create` sees it.
    Existence,
    /// The version, as `compare_and_swap` sees it.
    Versions,
    /// The end of a claim.
    Claims,
}

impl Stale {
    pub(super) const ALL: [Self; 8] = [
        Self::Records,
        Self::Absences,
        Self::OfEvent,
        Self::OfClient,
        Self::Due,
        Self::Existence,
        Self::Versions,
        Self::Claims,
    ];
}

#[derive(Debug)]
pub(super) struct Handle {
    stale: Stale,
    inner: Arc<MemoryTokens>,
    read: Mutex<BTreeMap<String, Vec<Stored>>>,
    held: Mutex<Option<ClaimOutcome>>,
    exists: Mutex<bool>,
}

impl Handle {
    pub(super) fn new(stale: Stale) -> Self {
        Self::of(stale, Arc::default())
    }

    fn of(stale: Stale, inner: Arc<MemoryTokens>) -> Self {
        let (read, held, exists) = Default::default();
        Self {
            stale,
            inner,
            read,
            held,
            exists,
        }
    }

    pub(super) fn replica(&self) -> Self {
        Self::of(self.stale, Arc::clone(&self.inner))
    }

    fn wrote(&self) {
        self.read.lock().unwrap().clear();
        *self.held.lock().unwrap() = None;
    }

    /// What was read before, if this is what the handle keeps.
    fn kept(&self, of: Stale, what: String, now: Vec<Stored>) -> Vec<Stored> {
        if self.stale != of {
            return now;
        }
        self.read.lock().unwrap().entry(what).or_insert(now).clone()
    }
}

#[async_trait]
impl TokenStore for Handle {
    async fn load(&self, key: &ConnectionKey) -> Result<Option<Stored>, StoreError> {
        let now: Vec<Stored> = self.inner.load(key).await?.into_iter().collect();
        let mut read = self.read.lock().unwrap();
        let before = read.get(&key.to_string()).cloned();
        let is_kept = |before: &Vec<Stored>| match self.stale {
            Stale::Absences => before.is_empty(),
            Stale::Records => !before.is_empty(),
            _ => false,
        };
        let came = before.filter(is_kept).unwrap_or(now);
        read.insert(key.to_string(), came.clone());
        Ok(came.into_iter().next())
    }

    async fn create(&self, record: &Record) -> Result<CreateOutcome, StoreError> {
        if self.stale == Stale::Existence && *self.exists.lock().unwrap() {
            return Ok(CreateOutcome::AlreadyExists);
        }
        let created = self.inner.create(record).await?;
        match created {
            CreateOutcome::Created(_) => self.wrote(),
            CreateOutcome::AlreadyExists => *self.exists.lock().unwrap() = true,
        }
        Ok(created)
    }

    async fn compare_and_swap(
        &self,
        expected: Version,
        record: &Record,
        fence: Option<Fence>,
    ) -> Result<SwapOutcome, StoreError> {
        let mut expected = expected;
        let key = &record.connection.key;
        let before = self.read.lock().unwrap().get(&key.to_string()).cloned();
        let seen = before.and_then(|before| before.first().map(|stored| stored.version));
        // It compares with what it has read, not with what is stored.
        if self.stale == Stale::Versions
            && seen == Some(expected)
            && let Some(stored) = self.inner.load(key).await?
        {
            expected = stored.version;
        }
        let swapped = self.inner.compare_and_swap(expected, record, fence).await?;
        if swapped != SwapOutcome::Conflict {
            self.wrote();
        }
        Ok(swapped)
    }

    async fn claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, StoreError> {
        if self.stale == Stale::Claims
            && let Some(held) = *self.held.lock().unwrap()
        {
            return Ok(held);
        }
        let claimed = self.inner.claim(key, terms).await?;
        if matches!(claimed, ClaimOutcome::Held { .. }) {
            *self.held.lock().unwrap() = Some(claimed);
        }
        Ok(claimed)
    }

    async fn release(&self, key: &ConnectionKey, fence: Fence) -> Result<(), StoreError> {
        self.wrote();
        self.inner.release(key, fence).await
    }

    async fn due(
        &self,
        client_id: &ClientId,
        before: Timestamp,
        after: Option<&DueCursor>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let now = self.inner.due(client_id, before, after, limit).await?;
        Ok(self.kept(Stale::Due, format!("{before} {after:?} {limit}"), now))
    }

    async fn of_event(
        &self,
        client_id: &ClientId,
        event_id: &EventId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let now = self.inner.of_event(client_id, event_id, after, limit).await?;
        Ok(self.kept(Stale::OfEvent, format!("{event_id} {after:?} {limit}"), now))
    }

    async fn of_client(
        &self,
        client_id: &ClientId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        let now = self.inner.of_client(client_id, after, limit).await?;
        Ok(self.kept(Stale::OfClient, format!("{after:?} {limit}"), now))
    }

    async fn remove(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        self.wrote();
        self.inner.remove(key).await
    }
}
