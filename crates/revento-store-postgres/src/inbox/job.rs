//! What the calls of the inbox ask of a transaction, and what they get.

use revento_core::Timestamp;
use revento_store::{DeliveryState, InsertOutcome, Lease, LeasedDelivery, NewDelivery, group_commit};

use crate::text::{Identity, delivery_hash, escape, indexed, long};

/// A job for a transaction.
#[derive(Debug)]
pub(crate) enum Job {
    Insert(Box<NewRow>),
    Finish(Finish),
    Lease(LeaseTerms),
}

/// The columns of a new delivery.
#[derive(Debug)]
pub(crate) struct NewRow {
    pub(super) identity: Identity,
    pub(super) delivery_hash: i64,
    pub(super) envelope_id: String,
    pub(super) delivery_id: String,
    pub(super) long_envelope_id: Option<String>,
    pub(super) long_delivery_id: Option<String>,
    pub(super) event_type: String,
    pub(super) ordering_key: String,
    pub(super) occurred_at: i64,
    pub(super) received_at: i64,
    pub(super) body: Vec<u8>,
    pub(super) digest: Vec<u8>,
    pub(super) signed_at: i64,
}

impl NewRow {
    pub(super) fn of(delivery: &NewDelivery) -> Self {
        let (envelope_id, delivery_id) = (delivery.envelope_id.as_str(), delivery.delivery_id.as_str());
        Self {
            identity: Identity::of(envelope_id),
            delivery_hash: delivery_hash(delivery_id),
            envelope_id: indexed(envelope_id),
            delivery_id: indexed(delivery_id),
            long_envelope_id: long(envelope_id),
            long_delivery_id: long(delivery_id),
            event_type: escape(delivery.event_type.as_str()).into_owned(),
            ordering_key: indexed(&delivery.ordering_key),
            occurred_at: delivery.occurred_at.unix_micros(),
            received_at: delivery.received_at.unix_micros(),
            body: delivery.body.as_bytes().to_vec(),
            digest: delivery.body_digest.to_vec(),
            signed_at: delivery.signed_at.unix_micros(),
        }
    }
}

/// Takes a delivery out of its lease into another state.
#[derive(Debug, Clone)]
pub(crate) struct Finish {
    pub(super) identity: Identity,
    pub(super) fence: i64,
    pub(super) state: DeliveryState,
    pub(super) at: i64,
    pub(super) error: Option<String>,
}

impl Finish {
    pub(super) fn new(lease: &Lease, state: DeliveryState, at: Timestamp, error: Option<&str>) -> Self {
        Self {
            identity: Identity::of(lease.envelope_id.as_str()),
            fence: lease.fence,
            state,
            at: at.unix_micros(),
            error: error.map(|error| escape(error).into_owned()),
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct LeaseTerms {
    pub(super) now: i64,
    pub(super) until: i64,
    /// As SQL takes it.
    pub(super) limit: i64,
}

/// The answer to a job.
#[derive(Debug)]
pub(crate) enum Answer {
    Inserted(InsertOutcome),
    Finished(bool),
    Leased(Vec<LeasedDelivery>),
    /// The job would have to wait for another transaction, or takes several statements: it needs one of its own.
    Alone,
}

impl group_commit::Job for Job {
    fn excludes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Insert(one), Self::Insert(other)) => one.identity == other.identity,
            (Self::Finish(one), Self::Finish(other)) => one.identity == other.identity,
            (Self::Lease(_), Self::Lease(_)) => true,
            _ => false,
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Insert(row) => row.body.len(),
            Self::Finish(finish) => finish.error.as_ref().map_or(0, String::len),
            Self::Lease(_) => 0,
        }
    }
}
