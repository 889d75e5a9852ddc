//! The joint for what has to be deleted, by when, and the proof that it was.

use std::fmt;

use async_trait::async_trait;
use revento_core::{EnvelopeId, EventId, OrganizationId, Timestamp};

use crate::StoreError;

/// What a webhook `data.deletion_required` asks for (contract §2.6), and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletionDuty {
    /// The webhook's signed identity, which is the duty's own.
    pub envelope_id: EnvelopeId,
    /// The event whose cached data has to go; `None` at the level of the integration: of all events.
    pub event_id: Option<EventId>,
    /// The organization of the connection that ended.
    pub organization_id: Option<OrganizationId>,
    /// When the connection ended, by the platform's clock. Data of a later consent is not meant.
    pub occurred_at: Timestamp,
    /// By when it has to be done.
    pub deadline_at: Timestamp,
    /// What ended the connection, where the platform said so.
    pub reason: Option<String>,
    /// When somebody was last reminded.
    pub reminded_at: Option<Timestamp>,
    /// When and how it was done; `None` while it is open.
    pub done: Option<DeletionProof>,
}

/// The note that data was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletionProof {
    /// When, by the caller's clock.
    pub at: Timestamp,
    /// What was deleted, by whom, in the caller's own words; without personal data.
    pub note: String,
}

/// Keeps duties to delete. Nothing is ever removed: a duty that is done is the proof of it.
///
/// Every method is atomic and durable, for any number of replicas at once.
#[async_trait]
pub trait DeletionStore: Send + Sync + fmt::Debug {
    /// Keeps a new duty. `false` when its envelope id is known: nothing was changed.
    ///
    /// # Errors
    /// When the store cannot tell whether it is kept: call again.
    async fn record(&self, duty: &DeletionDuty) -> Result<bool, StoreError>;

    /// A duty; `None` when it is not known.
    ///
    /// # Errors
    /// When the store cannot tell.
    async fn duty(&self, envelope_id: &EnvelopeId) -> Result<Option<DeletionDuty>, StoreError>;

    /// Up to `limit` duties that are not done, the earliest deadline first.
    ///
    /// # Errors
    /// When the store cannot tell.
    async fn open_duties(&self, limit: usize) -> Result<Vec<DeletionDuty>, StoreError>;

    /// Notes that somebody was reminded of an open duty. `false` when it is done or not known.
    ///
    /// # Errors
    /// When the store cannot tell.
    async fn reminded(&self, envelope_id: &EnvelopeId, at: Timestamp) -> Result<bool, StoreError>;

    /// Notes that an open duty is done. `false` when it was already, whose proof stays, or is not known.
    ///
    /// # Errors
    /// When the store cannot tell: call again.
    async fn settle(&self, envelope_id: &EnvelopeId, proof: &DeletionProof) -> Result<bool, StoreError>;
}
