//! A store and a transport that kill their process at a named point. The SDK has no code for this.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderValue;
use revento_core::{ClientId, ConnectionKey, EventId, Timestamp};
use revento_store::{
    ClaimOutcome, ClaimTerms, CreateOutcome, DueCursor, Fence, Record, StoreError, Stored, SwapOutcome,
    TokenStore, Version,
};
use revento_transport::{Transport, TransportError};

use super::point::{Doom, Point, die};

/// The header that names the process to the judge.
pub(super) const WORKER: &str = "x-trial-worker";

/// How far a request gets before its process dies.
const HALFWAY: Duration = Duration::from_micros(700);

#[derive(Debug)]
pub(super) struct DoomedStore {
    pub(super) inner: Arc<dyn TokenStore>,
    pub(super) doom: Arc<Doom>,
    /// Grants every claim, which breaks the contract of a store: the control experiment.
    pub(super) careless: bool,
}

#[async_trait]
impl TokenStore for DoomedStore {
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
        self.doom.reach(Point::BeforePersist);
        let swapped = self.inner.compare_and_swap(expected, record, fence).await;
        self.doom.reach(Point::AfterPersist);
        swapped
    }

    async fn claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, StoreError> {
        self.doom.reach(Point::BeforeClaim);
        let claim = if self.careless {
            let (fence, abandoned) = (Fence(i64::MAX), false);
            Ok(ClaimOutcome::Granted { fence, abandoned })
        } else {
            self.inner.claim(key, terms).await
        };
        self.doom.reach(Point::AfterClaim);
        claim
    }

    async fn release(&self, key: &ConnectionKey, fence: Fence) -> Result<(), StoreError> {
        self.doom.reach(Point::BeforeRelease);
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

#[derive(Debug)]
pub(super) struct DoomedTransport<T> {
    pub(super) inner: T,
    pub(super) doom: Arc<Doom>,
    /// This process.
    pub(super) number: u32,
}

#[async_trait]
impl<T: Transport> Transport for DoomedTransport<T> {
    async fn send(&self, mut request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let id = HeaderValue::from(self.number);
        request.headers_mut().insert(WORKER, id);
        if !request.uri().path().ends_with("/oauth/token") {
            return self.inner.send(request).await;
        }
        self.doom.reach(Point::BeforeSend);
        let sending = self.inner.send(request);
        if self.doom.is_due(Point::WhileSending) {
            let _ = tokio::time::timeout(HALFWAY, sending).await;
            die();
            return Err(TransportError::may_have_been_sent("this process is dead"));
        }
        let answer = sending.await;
        self.doom.reach(Point::AfterSend);
        answer
    }
}
