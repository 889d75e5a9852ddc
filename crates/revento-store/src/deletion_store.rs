//! [`DeletionStore`]: keeps duties to delete cached data and the proofs of their deletion.

use std::fmt;

use async_trait::async_trait;
use revento_core::{EnvelopeId, EventId, OrganizationId, Timestamp};

use crate::StoreError;

/// The duty that a webhook `data.deletion_required` creates (contract §2.6), and its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletionDuty {
    /// The signed id of the webhook's envelope. It identifies the duty.
    pub envelope_id: EnvelopeId,
    /// The event whose cached data must be deleted; `None` for all events of the integration.
    pub event_id: Option<EventId>,
    /// The organization of the connection that ended.
    pub organization_id: Option<OrganizationId>,
    /// When the connection ended, by the platform's clock. The duty does not cover data of a later consent.
    pub occurred_at: Timestamp,
    /// The deadline of the deletion.
    pub deadline_at: Timestamp,
    /// Why the connection ended, if the platform said so.
    pub reason: Option<String>,
    /// When the last reminder was sent.
    pub reminded_at: Option<Timestamp>,
    /// The proof of the deletion; `None` while the duty is open.
    pub done: Option<DeletionProof>,
}

/// The record of a deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletionProof {
    /// When the data was deleted, by the caller's clock.
    pub at: Timestamp,
    /// What was deleted and by whom, in the caller's words and without personal data.
    pub note: String,
}

/// Keeps duties to delete. A store never removes a duty: a done one is the proof of the deletion.
///
/// Every method is atomic, is durable, sees every earlier call, may be cancelled and reads no clock: see
/// [what every method of a store does](crate#what-every-method-of-a-store-does). All texts and times are as
/// [every store](crate#what-every-store-keeps) keeps them, `reason` and `note` included; `None` is not the empty text. For an engine without
/// columns a duty [is bytes](DeletionDuty::to_bytes).
#[async_trait]
pub trait DeletionStore: Send + Sync + fmt::Debug {
    /// Stores a new duty with all its fields. Returns `false` and changes nothing if its envelope id is known.
    ///
    /// # Errors
    /// The store failed. The duty may be stored: call again.
    async fn record(&self, duty: &DeletionDuty) -> Result<bool, StoreError>;

    /// Loads a duty; `None` if it is not known.
    ///
    /// # Errors
    /// The store failed.
    async fn duty(&self, envelope_id: &EnvelopeId) -> Result<Option<DeletionDuty>, StoreError>;

    /// Lists at most `limit` open duties, the earliest deadline first and for equal deadlines in byte order of the
    /// envelope id (for long ids it may be that of their [`index_text`](crate::columns::index_text)).
    ///
    /// # Errors
    /// The store failed.
    async fn open_duties(&self, limit: usize) -> Result<Vec<DeletionDuty>, StoreError>;

    /// Sets the time of the last reminder of an open duty. Returns `false` and changes nothing if it is done or not known.
    ///
    /// # Errors
    /// The store failed.
    async fn mark_reminded(&self, envelope_id: &EnvelopeId, at: Timestamp) -> Result<bool, StoreError>;

    /// Sets an open duty to done. Returns `false` and changes nothing if it is done (its proof stays) or not known.
    ///
    /// # Errors
    /// The store failed. The duty may be done: call again.
    async fn mark_deleted(&self, envelope_id: &EnvelopeId, proof: &DeletionProof)
    -> Result<bool, StoreError>;
}
