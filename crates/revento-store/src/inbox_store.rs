//! [`InboxStore`]: keeps webhook deliveries until they are handled.

use std::fmt;

use async_trait::async_trait;
use revento_core::{DeliveryId, EnvelopeId, EventType, Timestamp};

use crate::{Sealed, StoreError};

/// A verified delivery that the inbox accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// The signed id of the envelope: the key of deduplication.
    pub envelope_id: EnvelopeId,
    /// The unsigned id of the delivery. Retries and replays reuse it (contract §4.1).
    pub delivery_id: DeliveryId,
    /// The signed type.
    pub event_type: EventType,
    /// Deliveries with the same key, such as the id of one resource, are handled in order. Empty for no order.
    pub ordering_key: String,
    /// When the event happened, by the platform's clock.
    pub occurred_at: Timestamp,
    /// When the platform signed this attempt: the signed timestamp, in whole seconds (contract §4.1).
    pub signed_at: Timestamp,
    /// When the delivery arrived, by the caller's clock. It is due from then on.
    pub received_at: Timestamp,
    /// The verified body, sealed.
    pub body: Sealed,
    /// The SHA-256 of the verified body. Two sealings of one body differ, their digests do not.
    pub body_digest: [u8; 32],
}

/// The result of [`InboxStore::insert`]. In each case the inbox knows the delivery durably, and the platform may get its
/// 2xx (invariant W4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InsertOutcome {
    /// The envelope id was not known. The delivery is queued.
    New {
        /// Whether the delivery id was known under another envelope id. Then somebody replays captured deliveries with
        /// changed headers, or the platform is at fault: tell the operators.
        delivery_id_reused: bool,
    },
    /// The delivery was buried, and this attempt was signed after that. It is queued again with the body of this attempt.
    Requeued {
        /// Whether that body has another digest than the previous one: tell the operators.
        other_body: bool,
    },
    /// The delivery is queued, leased or done; or it is buried, and this attempt was not signed after that. The store changed
    /// nothing.
    Known {
        /// The state of the delivery.
        state: DeliveryState,
        /// Whether this body has another digest than the stored one. The store did not keep it: the platform used an
        /// envelope id twice. Tell the operators.
        other_body: bool,
    },
}

/// The state of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// The delivery waits to be handled, for the first time or again.
    Queued,
    /// A runner holds a lease on the delivery, or held one that has expired.
    Leased,
    /// The delivery is handled.
    Done,
    /// Handling failed too often (a dead letter). The delivery waits for an operator or for a replay.
    Buried,
}

impl DeliveryState {
    /// The name of the state in `snake_case`, as the SQL stores keep it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Leased => "leased",
            Self::Done => "done",
            Self::Buried => "buried",
        }
    }

    /// The state with this name; `None` for any other text.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Queued, Self::Leased, Self::Done, Self::Buried]
            .into_iter()
            .find(|state| state.as_str() == name)
    }
}

/// How many attempts a delivery gets after [`InboxStore::requeue`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum RequeueAttempts {
    /// One attempt. If it fails, the delivery is buried again ([`LeasedDelivery::single_attempt`]).
    #[default]
    Single,
    /// As many as a new delivery.
    Full,
}

/// The result of [`InboxStore::requeue`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequeueOutcome {
    /// The delivery is queued again.
    Requeued,
    /// The delivery is not known or not buried. The store changed nothing.
    NotBuried,
    /// The body of the buried delivery was expunged. The store changed nothing; only a replay brings the body back.
    Expunged,
}

/// A buried delivery without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuriedDelivery {
    /// The signed id of the envelope.
    pub envelope_id: EnvelopeId,
    /// The unsigned id of the delivery.
    pub delivery_id: DeliveryId,
    /// The signed type.
    pub event_type: EventType,
    /// When the event happened, by the platform's clock.
    pub occurred_at: Timestamp,
    /// When the delivery arrived first.
    pub received_at: Timestamp,
    /// When the delivery was buried.
    pub buried_at: Timestamp,
    /// How many times the delivery was leased since it was queued last.
    pub attempts: u32,
    /// The error that [`InboxStore::bury`] was given; empty if the body was expunged. The inbox seals it before it gives it to the
    /// store, and opens it in its own list.
    pub error: String,
    /// Whether the body was [expunged](InboxStore::expunge).
    pub expunged: bool,
}

/// A position in the list of [`InboxStore::buried`]: the next page begins behind it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BuriedCursor {
    /// When the last delivery of the page was buried.
    pub buried_at: Timestamp,
    /// The last delivery of the page.
    pub envelope_id: EnvelopeId,
}

impl BuriedCursor {
    /// The position of a buried delivery.
    pub fn of(delivery: &BuriedDelivery) -> Self {
        Self {
            buried_at: delivery.buried_at,
            envelope_id: delivery.envelope_id.clone(),
        }
    }
}

/// The right to finish one delivery.
///
/// The holder of a lease has it until somebody else leases the delivery, which is possible from the lease's `until` on. A
/// holder that is late but has no successor can still complete, retry or bury.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The delivery.
    pub envelope_id: EnvelopeId,
    /// A number that grows with every lease of the delivery, also when the delivery was forgotten in between.
    pub fence: i64,
}

/// A delivery that a runner has leased.
#[derive(Debug, Clone)]
pub struct LeasedDelivery {
    /// The argument of [`InboxStore::complete`], [`InboxStore::retry`] and [`InboxStore::bury`].
    pub lease: Lease,
    /// The unsigned id of the delivery, for logs.
    pub delivery_id: DeliveryId,
    /// The signed type.
    pub event_type: EventType,
    /// When the event happened, by the platform's clock.
    pub occurred_at: Timestamp,
    /// When the delivery arrived first.
    pub received_at: Timestamp,
    /// How many times the delivery was leased since it was queued, this lease included.
    pub attempt: u32,
    /// Whether the delivery was requeued for [one attempt](RequeueAttempts::Single): if it fails, bury it.
    pub single_attempt: bool,
    /// The verified body, sealed.
    pub body: Sealed,
}

/// The SQL statement that completes a delivery within a handler's own transaction, so that the handler's work and the
/// completion are committed together. SQL stores offer it.
///
/// Run it as the last statement of the transaction and bind the three values in this order. If it affects no row (sqlx:
/// `rows_affected()`), the lease is no longer held: roll back and let the handler fail. Otherwise it affects one row or more, because
/// on MySQL the next delivery of the ordering key counts, too. On an engine with `RETURNING`, but not on MySQL and MariaDB, it also
/// returns one row if the lease is held.
///
/// After the commit the delivery is done, whatever other handlers return: register only this handler for its type, or
/// register it last. After a rollback the runner records the outcome as for any other handler. Keep the transaction short:
/// it locks the delivery's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompletionStatement {
    /// The statement.
    pub sql: String,
    /// The first parameter, a text by which the statement finds the delivery: the envelope id, or the store's digest of it.
    pub envelope_id: String,
    /// The second parameter, a 64-bit integer: the fence of the lease.
    pub fence: i64,
    /// The third parameter, a 64-bit integer: the time in microseconds since 1970.
    pub at: i64,
}

/// Keeps webhook deliveries. Implement it for your own database and run the suite of `revento-store-testkit` on it.
/// [`DeliverySlot`](crate::DeliverySlot) implements the rules for one delivery.
///
/// Every method is atomic, is durable, sees every earlier call, may be cancelled and reads no clock: see
/// [what every method of a store does](crate#what-every-method-of-a-store-does). Only [`forget`](InboxStore::forget) and
/// [`expunge`](InboxStore::expunge) may work in several parts that are each atomic.
///
/// # Values
/// As [every store](crate#what-every-store-keeps) keeps them. An error text can be long, because the inbox seals it. Attempts are any `u32`.
/// [`Lease::fence`] is a number of the store's own; callers may pass any other `i64`, which belongs to nobody.
///
/// # States
///
/// | call | from | to | `at` | attempts |
/// |---|---|---|---|---|
/// | [`insert`](Self::insert), new | | queued | `received_at` | 0 |
/// | [`insert`](Self::insert) of an attempt that was signed after the burial | buried | queued, arrives anew | `received_at` | 0, as many as a new one gets |
/// | [`lease`](Self::lease) | queued, or leased until `now` or earlier | leased | `until` | + 1 |
/// | [`complete`](Self::complete) | leased | done | `now` | |
/// | [`retry`](Self::retry) | leased | queued, keeps its place | `at` | |
/// | [`bury`](Self::bury) | leased | buried | `now` | |
/// | [`requeue`](Self::requeue) | buried | queued, arrives anew | `now` | 0, as many as it says |
///
/// A lease is over *at* its `until`: then `lease` gives the delivery to another runner. Until it does, the holder can still finish it.
/// `complete`, `retry` and `bury` with any other fence answer `false` and change nothing.
///
/// # What stays of a delivery
///
/// | state | body | [digest](NewDelivery::body_digest) | error | ids, type, times |
/// |---|---|---|---|---|
/// | queued, leased | stays | stays | that of the last `retry`, if there was one | stay |
/// | buried | stays | stays | that of `bury` | stay |
/// | buried and [expunged](Self::expunge) | deleted | deleted | deleted | stay |
/// | done | deleted | **stays**, so that another body under the same id is recognized | deleted | stay |
/// | [forgotten](Self::forget) | deleted | deleted | deleted | deleted |
///
/// [`buried`](Self::buried) shows the error of `bury`. That of `retry` is only in [`InboxAdmin::details`](crate::InboxAdmin::details) and
/// [`InboxAdmin::sealed`](crate::InboxAdmin::sealed), and the next `retry` or `bury` replaces it. A lease has no error.
#[async_trait]
pub trait InboxStore: Send + Sync + fmt::Debug {
    /// Queues a delivery if its envelope id is not known. Of any number of simultaneous inserts of one envelope id exactly one
    /// gets [`InsertOutcome::New`].
    ///
    /// If the delivery with that id is buried, the store queues it again for as many attempts as a new one gets, but only if
    /// `signed_at` is later than the time at which it was buried. An attempt that was signed before, or at the same time, is a
    /// captured copy or a late retry: it is [`Known`](InsertOutcome::Known), so that nobody can run a failing handler again by
    /// sending old bytes. `signed_at` comes from the platform's clock: if that clock is behind, an operator replays once more.
    ///
    /// # Errors
    /// The store failed. The delivery may be stored: answer the platform with an error, so that it sends the delivery
    /// again.
    async fn insert(&self, delivery: &NewDelivery) -> Result<InsertOutcome, StoreError>;

    /// Leases at most `limit` deliveries until `until`: queued ones that are due at or before `now`, and leased ones whose
    /// lease ends at or before `now`. The order is by that time, and for equal times by arrival.
    ///
    /// Of the deliveries that share a non-empty ordering key only the first in the order of arrival can be leased; the next
    /// one follows when the first is done or buried. A requeued delivery arrives anew and goes to the end of its key.
    ///
    /// # Errors
    /// The store failed. Deliveries may be leased; these leases expire by themselves.
    async fn lease(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<LeasedDelivery>, StoreError>;

    /// Sets a leased delivery to done, and deletes its body and its error. Returns `false` and changes nothing if the lease is no longer
    /// held.
    ///
    /// # Errors
    /// The store failed. The delivery may be done.
    async fn complete(&self, lease: &Lease, now: Timestamp) -> Result<bool, StoreError>;

    /// Queues a leased delivery again, due at `at`, with an error text for operators. Returns `false` and changes nothing
    /// if the lease is no longer held.
    ///
    /// # Errors
    /// The store failed. The delivery may be queued.
    async fn retry(&self, lease: &Lease, at: Timestamp, error: &str) -> Result<bool, StoreError>;

    /// Buries a leased delivery, with an error text for operators. Returns `false` and changes nothing if the lease is no
    /// longer held.
    ///
    /// # Errors
    /// The store failed. The delivery may be buried.
    async fn bury(&self, lease: &Lease, now: Timestamp, error: &str) -> Result<bool, StoreError>;

    /// Queues a buried delivery again, due at `now`, if its body is still there, for as many attempts as the operator says.
    ///
    /// # Errors
    /// The store failed. The delivery may be queued.
    async fn requeue(
        &self,
        envelope_id: &EnvelopeId,
        now: Timestamp,
        attempts: RequeueAttempts,
    ) -> Result<RequeueOutcome, StoreError>;

    /// Lists buried deliveries: at most `limit`, the last buried first and for equal times in descending byte order of the
    /// envelope id (for long ids it may be that of their [`index_text`](crate::columns::index_text)), behind `after` if it is given. The
    /// delivery at `after` need not be buried any more. A page has fewer than `limit` deliveries only if none follows it.
    ///
    /// # Errors
    /// The store failed.
    async fn buried(
        &self,
        after: Option<&BuriedCursor>,
        limit: usize,
    ) -> Result<Vec<BuriedDelivery>, StoreError>;

    /// Deletes the bodies, the digests of the bodies, and the error texts of deliveries that were buried before (not at) `before`.
    /// Returns their number. The deliveries stay buried, so that the store recognizes a replay. A store with many of them works in
    /// parts, so that other calls do not wait.
    ///
    /// # Errors
    /// The store failed. The bodies, or some of them, may be deleted.
    async fn expunge(&self, before: Timestamp) -> Result<u64, StoreError>;

    /// When the next delivery can be leased: the first time of those that [`lease`](InboxStore::lease) can give, which are due or whose lease
    /// ends then; `None` if none is queued or leased. Deliveries that wait behind another one of their ordering key do not count. So when
    /// `lease` at some `now` returned an empty list, this time is later than that `now`.
    ///
    /// # Errors
    /// The store failed.
    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError>;

    /// The state of a delivery; `None` if its envelope id is not known.
    ///
    /// # Errors
    /// The store failed.
    async fn state(&self, envelope_id: &EnvelopeId) -> Result<Option<DeliveryState>, StoreError>;

    /// Removes deliveries that were done before (not at) `before`, with their ids. Returns their number. A store with many of them works
    /// in parts, so that other calls do not wait.
    ///
    /// # Errors
    /// The store failed. The deliveries, or some of them, may be removed.
    async fn forget(&self, before: Timestamp) -> Result<u64, StoreError>;
}
