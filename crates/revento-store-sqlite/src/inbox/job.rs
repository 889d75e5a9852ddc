//! What the calls of the inbox ask of a transaction, and what they get.

use revento_core::{EnvelopeId, Timestamp};
use revento_store::{DeliveryState, InsertOutcome, LeasedDelivery, NewDelivery, group_commit};

/// A job for a transaction.
#[derive(Debug)]
pub(crate) enum Job {
    Insert(NewDelivery),
    Finish(Finish),
    Lease(LeaseTerms),
}

/// Takes a delivery out of its lease into another state.
#[derive(Debug)]
pub(crate) struct Finish {
    pub(super) envelope_id: EnvelopeId,
    pub(super) fence: i64,
    pub(super) state: DeliveryState,
    pub(super) at: Timestamp,
    pub(super) error: Option<String>,
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
            (Self::Insert(one), Self::Insert(other)) => one.envelope_id == other.envelope_id,
            (Self::Finish(one), Self::Finish(other)) => one.envelope_id == other.envelope_id,
            (Self::Lease(_), Self::Lease(_)) => true,
            _ => false,
        }
    }
}
