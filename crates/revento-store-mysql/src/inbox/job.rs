//! What the calls of the inbox ask of a transaction, and what they get.

use revento_core::Timestamp;
use revento_store::{InsertOutcome, Lease, LeasedDelivery, NewDelivery, columns::index_text, group_commit};
use sha2::{Digest as _, Sha256};

use super::sql::{FINISH, FINISH_ALONE, INSERT, INSERT_IN_ORDER, LEASE};
use crate::{MySqlStore, call::Call, record::long};

/// How many locks the ordering keys share: the rows of `revento_ordering`.
const STRIPES: i64 = 256;

/// By which a delivery is found: the first half of the SHA-256 of its envelope id. Random texts as keys make an index so wide that
/// inserting becomes slower as the table grows.
pub(super) fn identity(envelope_id: &str) -> [u8; 16] {
    digest_start(envelope_id)
}

/// The first quarter of the SHA-256 of a delivery id.
pub(super) fn delivery_hash(delivery_id: &str) -> i64 {
    i64::from_be_bytes(digest_start(delivery_id))
}

fn digest_start<const N: usize>(text: &str) -> [u8; N] {
    let digest: [u8; 32] = Sha256::digest(text).into();
    digest.first_chunk().copied().unwrap_or([0; N])
}

/// The lock that an ordering key shares with others.
pub(super) fn stripe(lane: &[u8; 16]) -> i64 {
    i64::from(lane[0]) % STRIPES
}

/// A job for a transaction.
#[derive(Debug)]
pub(crate) enum Job {
    Insert(Box<NewRow>),
    Finish(Finish),
    Lease(LeaseTerms),
}

impl Job {
    pub(super) fn insert(&self) -> Option<&NewRow> {
        match self {
            Self::Insert(row) => Some(row),
            _ => None,
        }
    }
}

/// The columns of a new delivery.
#[derive(Debug, Clone)]
pub(crate) struct NewRow {
    /// The call's name.
    pub(super) call: [u8; 16],
    pub(super) identity: [u8; 16],
    pub(super) delivery_hash: i64,
    pub(super) delivery_id: String,
    pub(super) lane: Option<[u8; 16]>,
    pub(super) received_at: i64,
    pub(super) signed_at: i64,
    pub(super) body: Vec<u8>,
    pub(super) digest: [u8; 32],
    envelope_id: String,
    event_type: String,
    occurred_at: i64,
}

impl NewRow {
    pub(super) fn of(store: &MySqlStore, delivery: &NewDelivery) -> Self {
        let key = &delivery.ordering_key;
        Self {
            call: store.call_name(),
            identity: identity(delivery.envelope_id.as_str()),
            delivery_hash: delivery_hash(delivery.delivery_id.as_str()),
            delivery_id: delivery.delivery_id.as_str().to_owned(),
            lane: (!key.is_empty()).then(|| identity(key)),
            received_at: delivery.received_at.unix_micros(),
            signed_at: delivery.signed_at.unix_micros(),
            body: delivery.body.as_bytes().to_vec(),
            digest: delivery.body_digest,
            envelope_id: delivery.envelope_id.as_str().to_owned(),
            event_type: delivery.event_type.as_str().to_owned(),
            occurred_at: delivery.occurred_at.unix_micros(),
        }
    }

    pub(super) fn insert(&self) -> Call {
        let call = Call::new(if self.lane.is_some() {
            INSERT_IN_ORDER
        } else {
            INSERT
        })
        .bind(self.identity)
        .bind(self.received_at)
        .bind(self.occurred_at)
        .bind(self.delivery_hash)
        .bind(self.call)
        .bind(self.digest)
        .bind(index_text(&self.envelope_id))
        .bind(long(&self.envelope_id))
        .bind(&self.delivery_id)
        .bind(index_text(&self.event_type))
        .bind(long(&self.event_type))
        .bind(&self.body);
        match &self.lane {
            Some(lane) => call.bind(lane).bind(stripe(lane)),
            None => call,
        }
    }
}

/// Takes a delivery out of its lease into another phase.
#[derive(Debug, Clone)]
pub(crate) struct Finish {
    call: [u8; 16],
    pub(super) identity: [u8; 16],
    fence: i64,
    phase: i64,
    at: i64,
    error: Option<String>,
}

/// Where a delivery is; see the module of the statements.
pub(super) mod phase {
    pub(in crate::inbox) const IN_LINE: i64 = 1;
    pub(in crate::inbox) const BEHIND: i64 = 2;
    pub(in crate::inbox) const DONE: i64 = 3;
    pub(in crate::inbox) const BURIED: i64 = 4;
    pub(in crate::inbox) const EXPUNGED: i64 = 5;
}

impl Finish {
    pub(super) fn new(
        store: &MySqlStore,
        lease: &Lease,
        phase: i64,
        at: Timestamp,
        error: Option<&str>,
    ) -> Self {
        Self {
            call: store.call_name(),
            identity: identity(lease.envelope_id.as_str()),
            fence: lease.fence,
            phase,
            at: at.unix_micros(),
            error: error.map(str::to_owned),
        }
    }

    pub(super) fn call(&self) -> Call {
        self.bind(FINISH)
    }

    pub(super) fn call_alone(&self) -> Call {
        self.bind(FINISH_ALONE)
    }

    fn bind(&self, template: &'static str) -> Call {
        Call::new(template)
            .bind(self.identity)
            .bind(self.fence)
            .bind(self.phase)
            .bind(self.at)
            .bind(&self.error)
            .bind(self.call)
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct LeaseTerms {
    call: [u8; 16],
    now: i64,
    until: i64,
    /// As SQL takes it.
    limit: i64,
}

impl LeaseTerms {
    pub(super) fn new(store: &MySqlStore, now: Timestamp, until: Timestamp, limit: i64) -> Self {
        Self {
            call: store.call_name(),
            now: now.unix_micros(),
            until: until.unix_micros(),
            limit,
        }
    }

    pub(super) fn call(&self) -> Call {
        Call::new(LEASE)
            .bind(self.now)
            .bind(self.until)
            .bind(self.limit)
            .bind(self.call)
    }
}

/// The answer to a job.
#[derive(Debug)]
pub(crate) enum Answer {
    Inserted(InsertOutcome),
    Finished(bool),
    Leased(Vec<LeasedDelivery>),
    /// The job changed nothing: the delivery is known, the lease is not held, or another transaction has locked it. It needs a transaction
    /// of its own.
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
