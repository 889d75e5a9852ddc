//! An in-memory token store with one fault in what it tells operators.

use std::sync::Mutex;

use async_trait::async_trait;
use revento_core::{ClientId, ConnectionKey, EventId, Timestamp};
use revento_store::{
    ClaimOutcome, ClaimTerms, CreateOutcome, DueCursor, Fence, Record, StoreError, Stored, SwapOutcome,
    TokenAdmin, TokenStore, Version, memory::MemoryTokens,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenFault {
    OneForEachRecord,
    OnlyTheFirst,
    IdsAreCut,
    WithoutCase,
    /// Lists what it listed first.
    Stale,
}

#[derive(Debug)]
pub(super) struct FaultyTokens {
    fault: TokenFault,
    inner: MemoryTokens,
    listed: Mutex<Option<Vec<ClientId>>>,
}

impl FaultyTokens {
    pub(super) fn new(fault: TokenFault) -> Self {
        Self {
            fault,
            inner: MemoryTokens::new(),
            listed: Mutex::default(),
        }
    }
}

#[async_trait]
impl TokenAdmin for FaultyTokens {
    async fn clients(&self) -> Result<Vec<ClientId>, StoreError> {
        let clients = self.inner.clients().await?;
        if self.fault == TokenFault::Stale {
            return Ok(self.listed.lock().unwrap().get_or_insert(clients).clone());
        }
        let mut found: Vec<ClientId> = Vec::new();
        for client in clients {
            match self.fault {
                TokenFault::OneForEachRecord => {
                    for _ in self.inner.of_client(&client, None, usize::MAX).await? {
                        found.push(client.clone());
                    }
                }
                TokenFault::WithoutCase => {
                    let is_alike = |other: &ClientId| other.as_str().eq_ignore_ascii_case(client.as_str());
                    if !found.iter().any(is_alike) {
                        found.push(client);
                    }
                }
                TokenFault::Stale => {}
                TokenFault::OnlyTheFirst if !found.is_empty() => {}
                TokenFault::OnlyTheFirst => found.push(client),
                TokenFault::IdsAreCut => {
                    found.push(ClientId::new(
                        client.as_str().chars().take(192).collect::<String>(),
                    ));
                }
            }
        }
        Ok(found)
    }
}

#[async_trait]
impl TokenStore for FaultyTokens {
    async fn load(&self, key: &ConnectionKey) -> Result<Option<Stored>, StoreError> {
        self.inner.load(key).await
    }

    async fn create(&self, record: &Record) -> Result<CreateOutcome, StoreError> {
        self.inner.create(record).await
    }

    async fn compare_and_swap(
        &self,
        expected: Version,
        record: &Record,
        fence: Option<Fence>,
    ) -> Result<SwapOutcome, StoreError> {
        self.inner.compare_and_swap(expected, record, fence).await
    }

    async fn claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, StoreError> {
        self.inner.claim(key, terms).await
    }

    async fn release(&self, key: &ConnectionKey, fence: Fence) -> Result<(), StoreError> {
        self.inner.release(key, fence).await
    }

    async fn due(
        &self,
        client_id: &ClientId,
        before: Timestamp,
        after: Option<&DueCursor>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        self.inner.due(client_id, before, after, limit).await
    }

    async fn of_event(
        &self,
        client_id: &ClientId,
        event_id: &EventId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        self.inner.of_event(client_id, event_id, after, limit).await
    }

    async fn of_client(
        &self,
        client_id: &ClientId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        self.inner.of_client(client_id, after, limit).await
    }

    async fn remove(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        self.inner.remove(key).await
    }
}
