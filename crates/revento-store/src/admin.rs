//! [`InboxAdmin`] and [`TokenAdmin`]: what operators ask of a store.

use async_trait::async_trait;
use revento_core::{ClientId, DeliveryId, EnvelopeId, EventType, Timestamp};

use crate::{DeliveryState, InboxStore, Sealed, StoreError, TokenStore};

/// What operators ask of an inbox, beside the work that [`InboxStore`] does. `revento ops` uses it.
///
/// It is a trait of its own because nothing in the SDK needs it to handle deliveries: a store of your own implements it if its
/// operators want the answers. A default that answered "not supported" would look like an inbox without trouble. The rules of
/// [`InboxStore`] for every method and for values hold here, too; the suite of `revento-store-testkit` checks them.
#[async_trait]
pub trait InboxAdmin: InboxStore {
    /// Counts deliveries, all at one moment. Use indexes: operators ask this every minute, of a store with a large backlog. The
    /// bodies are not needed.
    ///
    /// # Errors
    /// The store failed.
    async fn stats(&self, now: Timestamp, done_since: Timestamp) -> Result<InboxStats, StoreError>;

    /// Loads a delivery without its body; `None` if its envelope id is not known.
    ///
    /// # Errors
    /// The store failed.
    async fn details(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryDetails>, StoreError>;

    /// Lists what is sealed, of every delivery that has a body: at most `limit`, behind `after` if it is given. The store chooses the
    /// order of the envelope ids, such as that of their hashes, and keeps it: a position stays valid when the delivery at it is gone. A
    /// page has fewer than `limit` deliveries only if none follows it.
    ///
    /// # Errors
    /// The store failed.
    async fn sealed(
        &self,
        after: Option<&EnvelopeId>,
        limit: usize,
    ) -> Result<Vec<SealedDelivery>, StoreError>;

    /// Replaces the body and the error of a delivery by `next` if the store still has those of `current`, in whatever state the
    /// delivery is. Returns `false` and changes nothing if it has others, or the delivery is not known. Nothing else changes: a
    /// lease stays valid.
    ///
    /// # Errors
    /// The store failed. The bytes may be replaced.
    async fn reseal(&self, current: &SealedDelivery, next: &SealedDelivery) -> Result<bool, StoreError>;
}

/// How many deliveries an inbox has, and in which state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InboxStats {
    /// Queued, and due at or before `now`. Those that wait behind another one of their ordering key count, too.
    pub due: u64,
    /// Queued, and due after `now`: mostly those that failed and wait for their next attempt.
    pub later: u64,
    /// Leased, and the lease ends after `now`: being handled.
    pub leased: u64,
    /// Leased, and the lease ended at or before `now`: the runner is gone.
    pub lapsed: u64,
    /// Buried.
    pub buried: u64,
    /// Handled, and not yet [forgotten](InboxStore::forget).
    pub done: u64,
    /// Of these the ones that were handled at or after `done_since`.
    pub done_since: u64,
    /// When the first of the queued and leased deliveries arrived.
    pub oldest_received_at: Option<Timestamp>,
    /// One entry for each event type that has a retrying or buried delivery, in byte order of the type.
    pub failures: Vec<TypeFailures>,
}

/// The failed deliveries of an event type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeFailures {
    /// The event type.
    pub event_type: EventType,
    /// In the state queued, due or not, with at least one attempt since the delivery was queued last. A delivery that is leased for its
    /// next attempt does not count, nor does a requeued one before its first.
    pub retrying: u64,
    /// Buried.
    pub buried: u64,
}

/// A delivery without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryDetails {
    /// The signed id of the envelope.
    pub envelope_id: EnvelopeId,
    /// The unsigned id of the delivery.
    pub delivery_id: DeliveryId,
    /// The signed type.
    pub event_type: EventType,
    /// The state.
    pub state: DeliveryState,
    /// When it is due, its lease ends, it was handled, or it was buried.
    pub at: Timestamp,
    /// When the event happened, by the platform's clock.
    pub occurred_at: Timestamp,
    /// When the delivery arrived first.
    pub received_at: Timestamp,
    /// How many times the delivery was leased since it was queued last.
    pub attempts: u32,
    /// Whether it was requeued for one attempt.
    pub single_attempt: bool,
    /// Whether it waits behind another delivery of its ordering key.
    pub is_behind: bool,
    /// Whether the store has its body.
    pub has_body: bool,
    /// The error of the last failed attempt as the store has it, sealed; empty if there is none.
    pub error: String,
}

/// What is sealed of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedDelivery {
    /// The delivery.
    pub envelope_id: EnvelopeId,
    /// The sealed body.
    pub body: Sealed,
    /// The error of the last failed attempt, which the inbox seals; empty if there is none.
    pub error: String,
}

/// What operators ask of a token store, beside the work that [`TokenStore`] does. `revento ops` uses it.
///
/// It is a trait of its own for the same reason as [`InboxAdmin`].
#[async_trait]
pub trait TokenAdmin: TokenStore {
    /// Lists the integrations that have records, each once, in any order. A store usually has one, and no more than an operator can
    /// count.
    ///
    /// # Errors
    /// The store failed.
    async fn clients(&self) -> Result<Vec<ClientId>, StoreError>;
}
