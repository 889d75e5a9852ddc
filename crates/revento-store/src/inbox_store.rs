//! The inbox joint: webhook deliveries from their acceptance until they are handled.

use std::fmt;

use async_trait::async_trait;
use revento_core::{DeliveryId, EnvelopeId, EventType, Timestamp};

use crate::{Sealed, StoreError};

/// A verified delivery to be kept.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    /// The signed identity: what deduplication goes by.
    pub envelope_id: EnvelopeId,
    /// The unsigned identity; retries and replays reuse it.
    pub delivery_id: DeliveryId,
    /// The signed type.
    pub event_type: EventType,
    /// What belongs together and is handled in order, such as one resource; empty for no order.
    pub ordering_key: String,
    /// When it happened, by the platform's clock.
    pub occurred_at: Timestamp,
    /// When it arrived, by the caller's clock.
    pub received_at: Timestamp,
    /// The verified body, sealed.
    pub body: Sealed,
    /// The SHA-256 of the verified body: sealing the same body again gives other bytes.
    pub body_digest: [u8; 32],
}

/// The answer to [`InboxStore::insert`]: in each case the delivery is durably known and the sender
/// may be told so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InsertOutcome {
    /// It was not known and is queued now.
    New {
        /// Its delivery id was known under another envelope id: somebody replays captured deliveries
        /// under changed headers, or the platform is at fault. Tell the operators.
        delivery_id_reused: bool,
    },
    /// It was known and buried; it is queued once more, as a replay from the console intends, with the body
    /// that the replay brought.
    Requeued {
        /// That body has another digest than the one before. Tell the operators.
        other_body: bool,
    },
    /// It is known; nothing was changed.
    Known {
        /// Where it stands.
        state: DeliveryState,
        /// This time its body has another digest, and was not kept: the platform has given an identity twice. Tell the
        /// operators.
        other_body: bool,
    },
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// Waits to be handled, for the first time or again.
    Queued,
    /// A runner holds it.
    Leased,
    /// Handled.
    Done,
    /// Failed too often; waits for an operator or a replay.
    Buried,
}

/// The answer to [`InboxStore::requeue`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequeueOutcome {
    /// It is queued once more.
    Requeued,
    /// It is not buried, or not known; nothing was changed.
    NotBuried,
    /// It is buried, and its body was expunged; nothing was changed. Only a replay brings the body back.
    Expunged,
}

/// A delivery that was set aside: what is known of it, but for its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuriedDelivery {
    /// The signed identity.
    pub envelope_id: EnvelopeId,
    /// The unsigned identity.
    pub delivery_id: DeliveryId,
    /// The signed type.
    pub event_type: EventType,
    /// When it happened, by the platform's clock.
    pub occurred_at: Timestamp,
    /// When it first arrived.
    pub received_at: Timestamp,
    /// When it was set aside.
    pub buried_at: Timestamp,
    /// How many times it was leased before.
    pub attempts: u32,
    /// Why it was set aside: the text that [`InboxStore::bury`] was given.
    pub error: String,
    /// Whether its body was [expunged](InboxStore::expunge).
    pub expunged: bool,
}

/// Proof that a runner holds a delivery. A lease that ran out and was taken by another no longer counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The delivery.
    pub envelope_id: EnvelopeId,
    /// Grows with every lease of the delivery, also when it was forgotten in between.
    pub fence: i64,
}

/// A leased delivery.
#[derive(Debug, Clone)]
pub struct LeasedDelivery {
    /// What to answer with.
    pub lease: Lease,
    /// The unsigned identity, for logs.
    pub delivery_id: DeliveryId,
    /// The signed type.
    pub event_type: EventType,
    /// When it happened, by the platform's clock.
    pub occurred_at: Timestamp,
    /// When it first arrived.
    pub received_at: Timestamp,
    /// How many times it has been leased since it was queued, this one included.
    pub attempt: u32,
    /// The verified body, sealed.
    pub body: Sealed,
}

/// The statement that completes a delivery within a transaction of the handler's own, where the store is an SQL database: the
/// handler's work and the note of it are then one, whatever happens in between.
///
/// Run it last in the transaction, with the three values as its parameters in this order. It gives one row. None means
/// that the lease is no longer held: roll back, and let the handler fail.
///
/// Once it is committed the delivery is handled, whatever other handlers make of it: let the one that joins be the last, or the
/// only one, of its type. Rolled back, it never was, and the runner notes the outcome as ever. Keep the transaction short:
/// the delivery's row is locked in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The statement.
    pub sql: &'static str,
    /// The first parameter, a text: the delivery, as the store writes it.
    pub envelope_id: String,
    /// The second parameter, a 64-bit integer: the lease's fence.
    pub fence: i64,
    /// The third parameter, a 64-bit integer: the time, in microseconds since 1970.
    pub at: i64,
}

/// Keeps deliveries. Implement it for your own database, then run the suite of `revento-store-testkit`.
///
/// Every method is atomic and durable, for any number of replicas at once. A future may be dropped at any
/// moment: the call is then whole or never was, and nobody has to wait for it.
#[async_trait]
pub trait InboxStore: Send + Sync + fmt::Debug {
    /// Queues a delivery unless its envelope id is known. Of any number of simultaneous inserts of one
    /// envelope exactly one is [`InsertOutcome::New`].
    ///
    /// # Errors
    /// When the store cannot tell whether it is kept: the sender must be told to try again.
    async fn insert(&self, delivery: &NewDelivery) -> Result<InsertOutcome, StoreError>;

    /// Leases up to `limit` deliveries that are due at `now`, or whose lease has run out, the longest
    /// waiting first, and of equals the one that arrived first. Deliveries that share a non-empty ordering key are leased one at a time, in the
    /// order of their arrival; a buried one does not hold up those behind it, and arrives anew when it
    /// is queued once more.
    ///
    /// # Errors
    /// When the store cannot tell; leases that were taken run out by themselves.
    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<LeasedDelivery>, StoreError>;

    /// Marks a leased delivery as handled. `false` when the lease is no longer held: nothing was changed.
    /// Only its identities are needed from now on: a store drops the body.
    ///
    /// # Errors
    /// When the store cannot tell.
    async fn complete(&self, lease: &Lease, now: Timestamp) -> Result<bool, StoreError>;

    /// Gives a leased delivery back, due at `at`, with a text for operators. `false` when the lease is no longer held.
    ///
    /// # Errors
    /// When the store cannot tell.
    async fn retry(&self, lease: &Lease, at: Timestamp, error: &str) -> Result<bool, StoreError>;

    /// Sets a leased delivery aside, with a text for operators. `false` when the lease is no longer held.
    ///
    /// # Errors
    /// When the store cannot tell.
    async fn bury(&self, lease: &Lease, now: Timestamp, error: &str) -> Result<bool, StoreError>;

    /// Queues a buried delivery once more, if its body is still there.
    ///
    /// # Errors
    /// When the store cannot tell.
    async fn requeue(&self, envelope_id: &EnvelopeId, now: Timestamp) -> Result<RequeueOutcome, StoreError>;

    /// Up to `limit` buried deliveries, the last buried first.
    ///
    /// # Errors
    /// When the store cannot tell.
    async fn buried(&self, limit: usize) -> Result<Vec<BuriedDelivery>, StoreError>;

    /// Wipes the bodies, and their digests, of deliveries that were buried before `before`, and nothing else of them;
    /// gives their number. They stay [`DeliveryState::Buried`], so that a replay is known for what it is.
    ///
    /// # Errors
    /// When the store cannot tell.
    async fn expunge(&self, before: Timestamp) -> Result<u64, StoreError>;

    /// When the next delivery is due or its lease runs out; `None` when nothing waits. One that waits
    /// behind another of its ordering key does not count: when [`InboxStore::lease`] at some `now` has
    /// nothing to give, this is later than that `now`.
    ///
    /// # Errors
    /// When the store cannot tell.
    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Where a delivery stands; `None` when it is not known.
    ///
    /// # Errors
    /// When the store cannot tell.
    async fn state(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryState>, StoreError>;

    /// Forgets handled deliveries that were handled before `before`, identities and all; gives their number.
    ///
    /// # Errors
    /// When the store cannot tell.
    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError>;
}
