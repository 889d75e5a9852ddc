//! What a webhook carries (contract §4.2 and §4.3).
//!
//! An [`Envelope`] keeps its `data` raw. [`Envelope::payload`] reads it as whatever its type promises;
//! [`Envelope::read`] as one [kind](crate::kind), for who knows which one it is.

mod error;
mod payload;
mod single_pass;
mod snapshot;
mod types;

use std::sync::Arc;

use serde::de::DeserializeOwned;

use self::snapshot::{SharedBody, Snapshot};
pub use self::{
    error::EnvelopeError,
    payload::{DeletionRequired, IntegrationSuspended, Payload, UserRevoked},
    types::EventType,
};
use crate::{EnvelopeId, EventId, OrganizationId, Timestamp, kind::Kind, record::record};

record! {
    /// A webhook's body: six fields that are always there, with `data` left raw.
    ///
    /// Written as JSON it is what it was: an unknown type, unknown fields and the data survive.
    #[derive(Clone)]
    Envelope {
        required {
            /// The signed identity, the key to deduplicate by.
            pub id: EnvelopeId,
            /// What happened.
            pub event_type "type": EventType,
            /// When it happened. Deliveries arrive late and out of order: compare this.
            pub occurred_at: Timestamp,
            /// The event it happened in; `None` at the level of the integration.
            pub event_id: Option<EventId>,
            /// The organization; `None` at the level of the integration.
            pub organization_id: Option<OrganizationId>,
            data: Snapshot,
        }
        optional {}
    }
}

impl Envelope {
    /// Reads a body whose signature holds. Unknown fields are [kept](Self::extra).
    ///
    /// # Errors
    /// When the body is not JSON or lacks a promised field; the error names it.
    pub fn parse(verified_body: &[u8]) -> Result<Self, EnvelopeError> {
        serde_json::from_slice(verified_body)
            .map_err(|error| EnvelopeError::locate::<Self>("", verified_body, error))
    }

    /// Reads a body whose signature holds and the snapshot of one kind, in one pass where that is possible.
    /// The envelope holds on to the body, in which [`data_json`](Self::data_json) is found when it is asked for.
    ///
    /// `None` where one pass does not do, whatever the reason: [`parse`](Self::parse) and
    /// [`read`](Self::read) then tell what it is, or succeed after all.
    pub fn read_single_pass<K: Kind>(
        verified_body: Arc<dyn AsRef<[u8]> + Send + Sync>,
    ) -> Option<(Self, K::Data)> {
        let body: SharedBody = verified_body;
        single_pass::read::<K>(&body)
    }

    /// The snapshot as JSON text.
    pub fn data_json(&self) -> &str {
        self.data.raw().get()
    }

    /// The snapshot as a type of the caller's own.
    ///
    /// # Errors
    /// When it does not fit; the error names the place.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, EnvelopeError> {
        let json = self.data.raw().get();
        serde_json::from_str(json).map_err(|error| EnvelopeError::locate::<T>("data", json.as_bytes(), error))
    }

    /// The snapshot of one kind of webhook.
    ///
    /// ```
    /// # use revento_core::{Envelope, kind::ApplicationApproved};
    /// # let body = br#"{"id":"env_1","type":"application.approved","occurred_at":"2026-05-09T14:22:31Z",
    /// #   "event_id":"evt_1","organization_id":"org_1","data":{"id":"app_1","status":"approved",
    /// #   "approved_at":"2026-05-09T14:22:30Z","approver_id":"usr_2"}}"#;
    /// let application = Envelope::parse(body)?.read::<ApplicationApproved>()?;
    /// assert_eq!(application.id.as_str(), "app_1");
    /// # Ok::<(), revento_core::EnvelopeError>(())
    /// ```
    ///
    /// # Errors
    /// When the envelope is of [another type](EnvelopeError::is_other_type), or its data lacks what the
    /// type promises; the envelope and its raw data stay usable.
    pub fn read<K: Kind>(&self) -> Result<K::Data, EnvelopeError> {
        if !K::accepts(&self.event_type) {
            return Err(EnvelopeError::other_type(K::NAME, &self.event_type));
        }
        K::read(self)
    }
}

/// The data is personal: only its size is shown.
impl std::fmt::Debug for Envelope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Envelope")
            .field("id", &self.id)
            .field("event_type", &self.event_type)
            .field("occurred_at", &self.occurred_at)
            .field("event_id", &self.event_id)
            .field("organization_id", &self.organization_id)
            .field("data_bytes", &self.data.raw().get().len())
            .finish()
    }
}

#[cfg(test)]
mod tests;
