//! The body of a webhook (contract §4.2).
//!
//! An [`Envelope`] keeps its `data` raw. [`Envelope::payload`] reads the data by the envelope's type, and
//! [`Envelope::read`] as one [kind](crate::kind), for a caller who knows which.

mod error;
mod raw_data;
mod single_pass;

use std::sync::Arc;

use serde::de::DeserializeOwned;

pub use self::error::EnvelopeError;
use self::raw_data::RawData;
use crate::{
    EnvelopeId, EventId, EventType, OrganizationId, Timestamp,
    kind::{AnyEvent, Kind, Payload},
    limits,
    record::record,
    resource::DeletionRequired,
    tolerant_json,
};

record! {
    /// The body of a webhook: six fields that are always present, with `data` kept raw.
    ///
    /// Unknown types, unknown fields and the data survive a round trip through JSON.
    #[derive(Clone)]
    Envelope {
        required {
            /// The signed identity: deduplicate by it.
            pub id: EnvelopeId = "evt_delivery_xyz",
            /// What happened.
            pub event_type "type": EventType = EventType::IntegrationSuspended,
            /// When it happened. Webhooks arrive late and out of order, so compare this time.
            pub occurred_at: Timestamp = Timestamp::from_unix_seconds(1_778_336_551),
            /// The event; `None` for a webhook about the whole integration.
            pub event_id: Option<EventId> = None,
            /// The organization; `None` for a webhook about the whole integration.
            pub organization_id: Option<OrganizationId> = None,
            raw_data "data": RawData = RawData::empty(),
        }
        optional {}
    }
}

impl Envelope {
    /// Reads a body whose signature was verified, [tolerantly](tolerant_json::read). Unknown fields are [kept](Self::extra).
    ///
    /// # Errors
    /// The body is not JSON or lacks a promised field. The error names the field.
    pub fn parse(verified_body: &[u8]) -> Result<Self, EnvelopeError> {
        tolerant_json::read(verified_body).map_err(EnvelopeError::malformed)
    }

    /// Reads a body whose signature was verified, and its data as one kind, in a single pass. The envelope shares the body
    /// and finds [`data_json`](Self::data_json) in it on demand.
    ///
    /// `None` if a single pass is not possible, or if anything is wrong: [`parse`](Self::parse) and [`read`](Self::read)
    /// then succeed or name the problem.
    pub fn read_single_pass<K: Kind>(
        verified_body: Arc<dyn AsRef<[u8]> + Send + Sync>,
    ) -> Option<EnvelopeWithData<K::Data>> {
        single_pass::read::<K>(&verified_body)
    }

    /// The data as JSON text.
    pub fn data_json(&self) -> &str {
        self.raw_data.get()
    }

    /// Reads the data as a type of the caller's own, [tolerantly](tolerant_json::read).
    ///
    /// # Errors
    /// The data does not fit the type. The error names the place.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, EnvelopeError> {
        tolerant_json::read(self.data_json().as_bytes())
            .map_err(|error| EnvelopeError::malformed(error.in_member("data")))
    }

    /// Reads the data by the envelope's type.
    ///
    /// # Errors
    /// The data lacks a promised field. The envelope and its raw data stay usable.
    pub fn payload(&self) -> Result<Payload, EnvelopeError> {
        self.read::<AnyEvent>()
    }

    /// Reads the data of one kind of webhook.
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
    /// The envelope is of [another type](EnvelopeError::is_other_type), or its data lacks a promised field. The envelope
    /// and its raw data stay usable.
    pub fn read<K: Kind>(&self) -> Result<K::Data, EnvelopeError> {
        if !K::accepts(&self.event_type) {
            return Err(EnvelopeError::other_type(K::NAME, &self.event_type));
        }
        let json = self.data_json();
        K::read(&self.event_type, &mut serde_json::Deserializer::from_str(json))
            .or_else(|_| tolerant_json::read_with(json.as_bytes(), |data| K::read(&self.event_type, data)))
            .map_err(|error| EnvelopeError::malformed(error.in_member("data")))
    }

    /// By when the data of an ended connection has to be deleted, if this is `data.deletion_required`. Data that names no deadline
    /// leaves 30 days (contract §2.6).
    ///
    /// # Errors
    /// The data names a deadline that cannot be read. The duty exists all the same: delete within 30 days of `occurred_at`.
    pub fn deletion_deadline(&self) -> Result<Timestamp, EnvelopeError> {
        #[derive(serde::Deserialize)]
        struct Deadline {
            deadline_at: Option<Timestamp>,
        }

        self.data::<DeletionRequired>()?;
        let named = self.data::<Deadline>()?.deadline_at;
        Ok(named.unwrap_or_else(|| self.occurred_at.saturating_add(limits::DELETION_PERIOD)))
    }

    /// An example that carries this data, for tests. Data that cannot be written as JSON becomes `null`.
    #[cfg(any(test, feature = "test-util"))]
    pub fn example_of<K: Kind<Data: serde::Serialize>>(data: &K::Data) -> Self {
        Self::example()
            .event_type(K::NAME)
            .event_id(EventId::new("evt_abc123"))
            .organization_id(OrganizationId::new("org_xyz789"))
            .raw_data(RawData::of(data))
    }
}

/// An envelope and its data, read in a single pass.
#[derive(Debug, Clone)]
pub struct EnvelopeWithData<D> {
    /// The envelope.
    pub envelope: Envelope,
    /// The envelope's data, as one kind.
    pub data: D,
}

/// Shows the size of the data only, because the data is personal.
impl std::fmt::Debug for Envelope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Envelope")
            .field("id", &self.id)
            .field("event_type", &self.event_type)
            .field("occurred_at", &self.occurred_at)
            .field("event_id", &self.event_id)
            .field("organization_id", &self.organization_id)
            .field("data_bytes", &self.data_json().len())
            .finish()
    }
}

#[cfg(test)]
mod tests;
