//! The traits of this crate for `Arc<T>`, so that a shared store, an `Arc<dyn TokenStore>` included, is accepted
//! wherever a store is.

use std::sync::Arc;

use async_trait::async_trait;
use revento_core::{ClientId, ConnectionKey, EnvelopeId, EventId, Timestamp};

use crate::{
    BudgetStore, BudgetSwapOutcome, BudgetWrite, BuriedCursor, BuriedDelivery, ClaimOutcome, ClaimTerms,
    Clock, CreateOutcome, DeletionDuty, DeletionProof, DeletionStore, DeliveryDetails, DeliveryState,
    DueCursor, Entropy, EntropyError, Fence, InboxAdmin, InboxStats, InboxStore, InsertOutcome, Lease,
    LeasedDelivery, NewDelivery, Once, Record, RequeueAttempts, RequeueOutcome, SealError, Sealed,
    SealedDelivery, Sealer, StoreError, Stored, SwapOutcome, TokenAdmin, TokenStore, Unsealed, Version,
};

#[async_trait]
impl<T: TokenStore + ?Sized> TokenStore for Arc<T> {
    async fn load(&self, key: &ConnectionKey) -> Result<Option<Stored>, StoreError> {
        (**self).load(key).await
    }

    async fn create(&self, record: &Record) -> Result<CreateOutcome, StoreError> {
        (**self).create(record).await
    }

    async fn compare_and_swap(
        &self,
        expected: Version,
        record: &Record,
        fence: Option<Fence>,
    ) -> Result<SwapOutcome, StoreError> {
        (**self).compare_and_swap(expected, record, fence).await
    }

    async fn claim(&self, key: &ConnectionKey, terms: ClaimTerms) -> Result<ClaimOutcome, StoreError> {
        (**self).claim(key, terms).await
    }

    async fn release(&self, key: &ConnectionKey, fence: Fence) -> Result<(), StoreError> {
        (**self).release(key, fence).await
    }

    async fn due(
        &self,
        client_id: &ClientId,
        before: Timestamp,
        after: Option<&DueCursor>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        (**self).due(client_id, before, after, limit).await
    }

    async fn of_event(
        &self,
        client_id: &ClientId,
        event_id: &EventId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        (**self).of_event(client_id, event_id, after, limit).await
    }

    async fn of_client(
        &self,
        client_id: &ClientId,
        after: Option<&ConnectionKey>,
        limit: usize,
    ) -> Result<Vec<Stored>, StoreError> {
        (**self).of_client(client_id, after, limit).await
    }

    async fn remove(&self, key: &ConnectionKey) -> Result<(), StoreError> {
        (**self).remove(key).await
    }
}

#[async_trait]
impl<T: InboxStore + ?Sized> InboxStore for Arc<T> {
    async fn insert(&self, delivery: &NewDelivery) -> Result<InsertOutcome, StoreError> {
        (**self).insert(delivery).await
    }

    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<LeasedDelivery>, StoreError> {
        (**self).lease(now, until, limit).await
    }

    async fn complete(&self, lease: &Lease, now: Timestamp) -> Result<bool, StoreError> {
        (**self).complete(lease, now).await
    }

    async fn retry(&self, lease: &Lease, at: Timestamp, error: &str) -> Result<bool, StoreError> {
        (**self).retry(lease, at, error).await
    }

    async fn bury(&self, lease: &Lease, now: Timestamp, error: &str) -> Result<bool, StoreError> {
        (**self).bury(lease, now, error).await
    }

    async fn requeue(
        &self,
        envelope_id: &EnvelopeId,
        now: Timestamp,
        attempts: RequeueAttempts,
    ) -> Result<RequeueOutcome, StoreError> {
        (**self).requeue(envelope_id, now, attempts).await
    }

    async fn buried(
        &self,
        after: Option<&BuriedCursor>,
        limit: usize,
    ) -> Result<Vec<BuriedDelivery>, StoreError> {
        (**self).buried(after, limit).await
    }

    async fn expunge(&self, before: Timestamp) -> Result<u64, StoreError> {
        (**self).expunge(before).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        (**self).next_due().await
    }

    async fn state(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryState>, StoreError> {
        (**self).state(envelope_id).await
    }

    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError> {
        (**self).forget(before).await
    }
}

#[async_trait]
impl<T: InboxAdmin + ?Sized> InboxAdmin for Arc<T> {
    async fn stats(&self, now: Timestamp, done_since: Timestamp) -> Result<InboxStats, StoreError> {
        (**self).stats(now, done_since).await
    }

    async fn details(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryDetails>, StoreError> {
        (**self).details(envelope_id).await
    }

    async fn sealed(
        &self,
        after: Option<&EnvelopeId>,
        limit: usize,
    ) -> Result<Vec<SealedDelivery>, StoreError> {
        (**self).sealed(after, limit).await
    }

    async fn reseal(&self, current: &SealedDelivery, next: &SealedDelivery) -> Result<bool, StoreError> {
        (**self).reseal(current, next).await
    }
}

#[async_trait]
impl<T: TokenAdmin + ?Sized> TokenAdmin for Arc<T> {
    async fn clients(&self) -> Result<Vec<ClientId>, StoreError> {
        (**self).clients().await
    }
}

#[async_trait]
impl<T: DeletionStore + ?Sized> DeletionStore for Arc<T> {
    async fn record(&self, duty: &DeletionDuty) -> Result<bool, StoreError> {
        (**self).record(duty).await
    }

    async fn duty(&self, envelope_id: &EnvelopeId) -> Result<Option<DeletionDuty>, StoreError> {
        (**self).duty(envelope_id).await
    }

    async fn open_duties(&self, limit: usize) -> Result<Vec<DeletionDuty>, StoreError> {
        (**self).open_duties(limit).await
    }

    async fn mark_reminded(&self, envelope_id: &EnvelopeId, at: Timestamp) -> Result<bool, StoreError> {
        (**self).mark_reminded(envelope_id, at).await
    }

    async fn mark_deleted(
        &self,
        envelope_id: &EnvelopeId,
        proof: &DeletionProof,
    ) -> Result<bool, StoreError> {
        (**self).mark_deleted(envelope_id, proof).await
    }
}

#[async_trait]
impl<T: BudgetStore + ?Sized> BudgetStore for Arc<T> {
    async fn compare_and_swap(&self, write: BudgetWrite<'_>) -> Result<BudgetSwapOutcome, StoreError> {
        (**self).compare_and_swap(write).await
    }
}

#[async_trait]
impl<T: Once + ?Sized> Once for Arc<T> {
    async fn take(&self, id: &str, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        (**self).take(id, now, until).await
    }
}

#[async_trait]
impl<T: Sealer + ?Sized> Sealer for Arc<T> {
    async fn seal(&self, context: &str, plaintext: &[u8]) -> Result<Sealed, SealError> {
        (**self).seal(context, plaintext).await
    }

    async fn open(&self, context: &str, sealed: &Sealed) -> Result<Unsealed, SealError> {
        (**self).open(context, sealed).await
    }
}

impl<T: Clock + ?Sized> Clock for Arc<T> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

impl<T: Entropy + ?Sized> Entropy for Arc<T> {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        (**self).fill(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::{MemoryOnce, MemoryTokens};

    #[test]
    fn a_shared_trait_object_is_a_store() {
        fn take(_: impl TokenStore + 'static) {}
        take(Arc::new(MemoryTokens::new()));
        take(Arc::new(MemoryTokens::new()) as Arc<dyn TokenStore>);
        fn mark(_: impl Once + 'static) {}
        mark(Arc::new(MemoryOnce::new()) as Arc<dyn Once>);
    }
}
