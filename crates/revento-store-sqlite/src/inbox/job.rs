//! What the calls of the inbox ask of a transaction, and what they get.

use revento_core::Timestamp;
use revento_store::{DeliveryState, InsertOutcome, LeasedDelivery, NewDelivery, group_commit};

use crate::hash;

/// The bytes of a page, unless somebody has changed that.
const PAGE: usize = 4096;

/// A job for a transaction.
#[derive(Debug)]
pub(crate) enum Job {
    Insert(Insert),
    Finish(Finish),
    Lease(LeaseTerms),
}

/// Queues a delivery.
#[derive(Debug)]
pub(crate) struct Insert {
    pub(super) delivery: NewDelivery,
    pub(super) envelope_hash: String,
    pub(super) delivery_hash: i64,
}

impl Insert {
    pub(super) fn of(delivery: &NewDelivery) -> Self {
        Self {
            envelope_hash: hash::of_envelope(delivery.envelope_id.as_str()),
            delivery_hash: hash::of_delivery(delivery.delivery_id.as_str()),
            delivery: delivery.clone(),
        }
    }
}

/// Takes a delivery out of its lease into another state.
#[derive(Debug)]
pub(crate) struct Finish {
    pub(super) envelope_hash: String,
    pub(super) fence: i64,
    pub(super) state: DeliveryState,
    pub(super) at: Timestamp,
    pub(super) error: Option<String>,
}

impl Job {
    /// About how many pages it changes.
    pub(super) fn pages(&self) -> usize {
        match self {
            // Its row, and two indexes of ids. Other pages are shared with neighbours.
            Self::Insert(insert) => 3 + insert.delivery.body.as_bytes().len() / PAGE,
            // Its row, and the indexes of what waits and of its new state.
            Self::Finish(_) => 3,
            // The rows of a lease are neighbours.
            Self::Lease(_) => 16,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct LeaseTerms {
    pub(super) now: Timestamp,
    pub(super) until: Timestamp,
    /// As SQL takes it.
    pub(super) limit: i64,
}

/// The answer to a job.
#[derive(Debug)]
pub(crate) enum Answer {
    Inserted(InsertOutcome),
    Finished(bool),
    Leased(Vec<LeasedDelivery>),
}

impl group_commit::Job for Job {
    fn excludes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Insert(one), Self::Insert(other)) => one.envelope_hash == other.envelope_hash,
            (Self::Finish(one), Self::Finish(other)) => one.envelope_hash == other.envelope_hash,
            (Self::Lease(_), Self::Lease(_)) => true,
            _ => false,
        }
    }
}
