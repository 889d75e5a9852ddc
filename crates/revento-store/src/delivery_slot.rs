//! [`DeliverySlot`]: the rules of [`InboxStore`](crate::InboxStore) for one delivery, for any database.

use revento_core::{DeliveryId, EnvelopeId, EventType, Timestamp};

use crate::{
    BuriedDelivery, DeliveryDetails, DeliveryState, InsertOutcome, Lease, LeasedDelivery, NewDelivery,
    RequeueAttempts, RequeueOutcome, Sealed, SealedDelivery,
};

/// One delivery: its state, its lease, its attempts, its place in the order, and which of its data is deleted when.
///
/// With it an [`InboxStore`](crate::InboxStore) reads the delivery, calls the method of the same name and [`arrived`](Self::arrived), and
/// writes it back, all in one transaction. This is the usual way for a SQL database as well as for a key-value engine; the transaction and
/// the numbers are those of [`Slot`](crate::Slot), and `examples/custom-store` has the whole store. What is left to the store is to find
/// deliveries, with a column or an index for each of these:
///
/// | column | value |
/// |---|---|
/// | `id` | [`index_text`](crate::columns::index_text) of the [envelope id](Self::envelope_id): the key of the row |
/// | `delivery_id` | `index_text` of the [delivery id](Self::delivery_id): whether [`insert`](crate::InboxStore::insert) answers `delivery_id_reused` |
/// | `queue` | `index_text` of the ordering key as [`queue`](Self::queue) tells it, or `NULL` |
/// | `arrival` | [`arrival`](Self::arrival) |
/// | `state`, `at` | [`state`](Self::state) and [`at`](Self::at) |
///
/// The rule of the order is one condition, which [`lease`](crate::InboxStore::lease) and [`next_due`](crate::InboxStore::next_due) share:
///
/// ```sql
/// CREATE VIEW leasable AS SELECT * FROM deliveries AS it WHERE state IN ('queued', 'leased')
///     AND (queue IS NULL OR arrival = (SELECT min(arrival) FROM deliveries WHERE queue = it.queue));
/// SELECT slot FROM leasable WHERE at <= ? ORDER BY at, arrival LIMIT ?; -- lease
/// SELECT min(at) FROM leasable; -- next_due
/// ```
///
/// # An engine without queries
/// Beside the deliveries by their id, it keeps these indexes in the same transaction. The value of an entry is the id of the delivery:
///
/// | key of the index | deliveries | for |
/// |---|---|---|
/// | `(queue, arrival)` | those with a [`queue`](Self::queue) | the first of a queue |
/// | `(at, arrival)` | of those that [wait](Self::waits): the first of each queue, and all without a queue | `lease`, `next_due` |
/// | `(state, at, id)` | done and buried ones | `buried`, `expunge`, `forget` |
/// | `(delivery_id, id)` | all | `delivery_id_reused` |
///
/// To change a delivery:
/// 1. Find the first of its queue, by its [`ordering_key`](Self::ordering_key), and delete the entry of that one in `(at, arrival)`. Without
///    an ordering key this is the delivery's own entry.
/// 2. Delete the delivery's other entries, call the method, call [`arrived`](Self::arrived), and write the delivery and its entries.
/// 3. Find the first of the queue again, which may be another one now, and write its entry in `(at, arrival)`. Without an ordering key
///    write the delivery's own entry, if it still waits.
///
/// If keys are bytes, write a number big-endian with its sign bit flipped: then negative times come first. Shorten texts with
/// [`TextDigest`](crate::TextDigest), which has a fixed length, and the id in `(state, at, id)` with `index_text`, which keeps its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliverySlot {
    pub(crate) delivery: NewDelivery,
    pub(crate) arrival: Option<i64>,
    pub(crate) state: DeliveryState,
    /// When it is due, its lease ends, it was handled, or it was buried.
    pub(crate) at: Timestamp,
    pub(crate) attempts: u32,
    pub(crate) single_attempt: bool,
    pub(crate) fence: i64,
    pub(crate) error: String,
    pub(crate) expunged: bool,
}

impl DeliverySlot {
    /// A queued delivery, whose envelope id was not known.
    pub fn new(delivery: NewDelivery) -> Self {
        Self {
            at: delivery.received_at,
            delivery,
            arrival: None,
            state: DeliveryState::Queued,
            attempts: 0,
            single_attempt: false,
            fence: 0,
            error: String::new(),
            expunged: false,
        }
    }

    /// The signed id of the envelope.
    pub fn envelope_id(&self) -> &EnvelopeId {
        &self.delivery.envelope_id
    }

    /// The unsigned id of the delivery.
    pub fn delivery_id(&self) -> &DeliveryId {
        &self.delivery.delivery_id
    }

    /// The signed type.
    pub fn event_type(&self) -> &EventType {
        &self.delivery.event_type
    }

    /// Deliveries with the same key are handled in order; empty for no order.
    pub fn ordering_key(&self) -> &str {
        &self.delivery.ordering_key
    }

    /// The ordering key in which the delivery waits: the key of an index, with [`arrival`](Self::arrival), for the rule of the order.
    /// `None` if it waits no more, or has no ordering key.
    pub fn queue(&self) -> Option<&str> {
        let key = self.ordering_key();
        (self.waits() && !key.is_empty()).then_some(key)
    }

    /// When the delivery arrived first.
    pub fn received_at(&self) -> Timestamp {
        self.delivery.received_at
    }

    /// The state.
    pub fn state(&self) -> DeliveryState {
        self.state
    }

    /// When it is due, its lease ends, it was handled, or it was buried.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// How many times the delivery was leased since it was queued last.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Whether the delivery is queued or leased.
    pub fn waits(&self) -> bool {
        matches!(self.state, DeliveryState::Queued | DeliveryState::Leased)
    }

    /// Whether its body is still there.
    pub fn has_body(&self) -> bool {
        self.state != DeliveryState::Done && !self.expunged
    }

    /// The place in the order of arrival; `None` for a delivery that has just been queued, until [`arrived`](Self::arrived) is called.
    pub fn arrival(&self) -> Option<i64> {
        self.arrival
    }

    /// Sets the place in the order of arrival, if the delivery has none.
    pub fn arrived(&mut self, number: i64) {
        self.arrival.get_or_insert(number);
    }

    /// Implements [`InboxStore::insert`](crate::InboxStore::insert) for an envelope id that is known. A delivery that is queued again arrives
    /// anew.
    pub fn insert(&mut self, replay: &NewDelivery) -> InsertOutcome {
        let other_body = !self.expunged && self.delivery.body_digest != replay.body_digest;
        if self.state != DeliveryState::Buried || replay.signed_at <= self.at {
            return InsertOutcome::Known {
                state: self.state,
                other_body,
            };
        }
        self.delivery.body = replay.body.clone();
        self.delivery.body_digest = replay.body_digest;
        self.queue_anew(replay.received_at, RequeueAttempts::Full);
        InsertOutcome::Requeued { other_body }
    }

    /// Implements [`InboxStore::lease`](crate::InboxStore::lease) for a delivery that is in front of its ordering key. `None` if it is not
    /// due.
    pub fn lease(&mut self, number: i64, now: Timestamp, until: Timestamp) -> Option<LeasedDelivery> {
        if !self.waits() || self.at > now {
            return None;
        }
        self.state = DeliveryState::Leased;
        self.at = until;
        self.attempts = self.attempts.saturating_add(1);
        self.fence = number;
        Some(LeasedDelivery {
            lease: Lease {
                envelope_id: self.delivery.envelope_id.clone(),
                fence: number,
            },
            delivery_id: self.delivery.delivery_id.clone(),
            event_type: self.delivery.event_type.clone(),
            occurred_at: self.delivery.occurred_at,
            received_at: self.delivery.received_at,
            attempt: self.attempts,
            single_attempt: self.single_attempt,
            body: self.delivery.body.clone(),
        })
    }

    /// Implements [`InboxStore::complete`](crate::InboxStore::complete).
    pub fn complete(&mut self, lease: &Lease, now: Timestamp) -> bool {
        let holds = self.holds(lease);
        if holds {
            self.state = DeliveryState::Done;
            self.at = now;
            self.error.clear();
            self.wipe();
        }
        holds
    }

    /// Implements [`InboxStore::retry`](crate::InboxStore::retry).
    pub fn retry(&mut self, lease: &Lease, at: Timestamp, error: &str) -> bool {
        let holds = self.holds(lease);
        if holds {
            self.state = DeliveryState::Queued;
            self.at = at;
            error.clone_into(&mut self.error);
        }
        holds
    }

    /// Implements [`InboxStore::bury`](crate::InboxStore::bury).
    pub fn bury(&mut self, lease: &Lease, now: Timestamp, error: &str) -> bool {
        let holds = self.holds(lease);
        if holds {
            self.state = DeliveryState::Buried;
            self.at = now;
            error.clone_into(&mut self.error);
        }
        holds
    }

    /// Implements [`InboxStore::requeue`](crate::InboxStore::requeue). A delivery that is queued again arrives anew.
    pub fn requeue(&mut self, now: Timestamp, attempts: RequeueAttempts) -> RequeueOutcome {
        if self.state != DeliveryState::Buried {
            return RequeueOutcome::NotBuried;
        }
        if self.expunged {
            return RequeueOutcome::Expunged;
        }
        self.queue_anew(now, attempts);
        RequeueOutcome::Requeued
    }

    /// Implements [`InboxStore::expunge`](crate::InboxStore::expunge). Returns whether the body was deleted.
    pub fn expunge(&mut self, before: Timestamp) -> bool {
        let expunges = self.state == DeliveryState::Buried && self.at < before && !self.expunged;
        if expunges {
            self.wipe();
            self.delivery.body_digest = [0; 32];
            self.error.clear();
            self.expunged = true;
        }
        expunges
    }

    /// Implements [`InboxAdmin::reseal`](crate::InboxAdmin::reseal).
    pub fn reseal(&mut self, current: &SealedDelivery, next: &SealedDelivery) -> bool {
        let has = self.sealed().as_ref() == Some(current);
        if has {
            self.delivery.body = next.body.clone();
            self.error.clone_from(&next.error);
        }
        has
    }

    /// What [`InboxStore::buried`](crate::InboxStore::buried) lists; `None` if the delivery is not buried.
    pub fn buried(&self) -> Option<BuriedDelivery> {
        (self.state == DeliveryState::Buried).then(|| BuriedDelivery {
            envelope_id: self.delivery.envelope_id.clone(),
            delivery_id: self.delivery.delivery_id.clone(),
            event_type: self.delivery.event_type.clone(),
            occurred_at: self.delivery.occurred_at,
            received_at: self.delivery.received_at,
            buried_at: self.at,
            attempts: self.attempts,
            error: self.error.clone(),
            expunged: self.expunged,
        })
    }

    /// What [`InboxAdmin::sealed`](crate::InboxAdmin::sealed) lists; `None` if the body is gone.
    pub fn sealed(&self) -> Option<SealedDelivery> {
        self.has_body().then(|| SealedDelivery {
            envelope_id: self.delivery.envelope_id.clone(),
            body: self.delivery.body.clone(),
            error: self.error.clone(),
        })
    }

    /// What [`InboxAdmin::details`](crate::InboxAdmin::details) returns. The store knows whether the delivery waits behind another one.
    pub fn details(&self, is_behind: bool) -> DeliveryDetails {
        DeliveryDetails {
            envelope_id: self.delivery.envelope_id.clone(),
            delivery_id: self.delivery.delivery_id.clone(),
            event_type: self.delivery.event_type.clone(),
            state: self.state,
            at: self.at,
            occurred_at: self.delivery.occurred_at,
            received_at: self.delivery.received_at,
            attempts: self.attempts,
            single_attempt: self.single_attempt,
            is_behind,
            has_body: self.has_body(),
            error: self.error.clone(),
        }
    }

    fn holds(&self, lease: &Lease) -> bool {
        self.state == DeliveryState::Leased && self.fence == lease.fence
    }

    fn wipe(&mut self) {
        self.delivery.body = Sealed::from_bytes([]);
    }

    fn queue_anew(&mut self, at: Timestamp, attempts: RequeueAttempts) {
        self.state = DeliveryState::Queued;
        self.at = at;
        self.arrival = None;
        self.attempts = 0;
        self.single_attempt = attempts == RequeueAttempts::Single;
        self.expunged = false;
    }
}
