//! The typed snapshots.

use serde::{Deserializer, de::Error};

use super::{Envelope, EnvelopeError, EventType};
use crate::{
    EventId, OrganizationId, Timestamp, UserId,
    kind::{self, Kind},
    record::record,
    resource::{Activity, ActivityCapacity, Application, Event, Participant},
};

/// The typed snapshot of a webhook.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Payload {
    /// Of the `application.*` types.
    Application(Application),
    /// Of the `participant.*` types.
    Participant(Participant),
    /// Of `activity.updated`.
    Activity(Activity),
    /// Of `activity.capacity_state_changed`.
    ActivityCapacity(ActivityCapacity),
    /// Of `event.published` and `event.unpublished`.
    Event(Event),
    /// Of `user.revoked_access`.
    UserRevoked(UserRevoked),
    /// Of `data.deletion_required`.
    DeletionRequired(DeletionRequired),
    /// Of `integration.suspended`.
    IntegrationSuspended(IntegrationSuspended),
    /// Of a type that this version does not know: see [`Envelope::data_json`].
    Other,
}

impl Envelope {
    /// The snapshot as the type that the contract promises for this kind of event.
    ///
    /// # Errors
    /// When a known type's data lacks a promised field; the envelope and its raw data stay usable.
    pub fn payload(&self) -> Result<Payload, EnvelopeError> {
        Ok(match self.event_type {
            EventType::ApplicationSubmitted => Payload::Application(kind::ApplicationSubmitted::read(self)?),
            EventType::ApplicationApproved => Payload::Application(kind::ApplicationApproved::read(self)?),
            EventType::ApplicationRejected => Payload::Application(kind::ApplicationRejected::read(self)?),
            EventType::ApplicationRevisionRequested => {
                Payload::Application(kind::ApplicationRevisionRequested::read(self)?)
            }
            EventType::ParticipantRegistered | EventType::ParticipantProfileUpdated => {
                Payload::Participant(self.data()?)
            }
            EventType::ActivityUpdated => Payload::Activity(self.data()?),
            EventType::ActivityCapacityStateChanged => Payload::ActivityCapacity(self.data()?),
            EventType::EventPublished | EventType::EventUnpublished => Payload::Event(self.data()?),
            EventType::UserRevokedAccess => Payload::UserRevoked(self.data()?),
            EventType::DataDeletionRequired => Payload::DeletionRequired(self.data()?),
            EventType::IntegrationSuspended => Payload::IntegrationSuspended(self.data()?),
            EventType::Other(_) => Payload::Other,
        })
    }
}

impl Payload {
    /// The same while the envelope is being read. An unknown type is left to the two passes.
    pub(crate) fn read_data<'de, D: Deserializer<'de>>(
        event_type: &EventType,
        data: D,
    ) -> Result<Self, D::Error> {
        fn of<'de, K: Kind, D: Deserializer<'de>>(
            payload: fn(K::Data) -> Payload,
            event_type: &EventType,
            data: D,
        ) -> Result<Payload, D::Error> {
            K::read_data(event_type, data).map(payload)
        }

        match event_type {
            EventType::ApplicationSubmitted => {
                of::<kind::ApplicationSubmitted, D>(Self::Application, event_type, data)
            }
            EventType::ApplicationApproved => {
                of::<kind::ApplicationApproved, D>(Self::Application, event_type, data)
            }
            EventType::ApplicationRejected => {
                of::<kind::ApplicationRejected, D>(Self::Application, event_type, data)
            }
            EventType::ApplicationRevisionRequested => {
                of::<kind::ApplicationRevisionRequested, D>(Self::Application, event_type, data)
            }
            EventType::ParticipantRegistered | EventType::ParticipantProfileUpdated => {
                of::<kind::ParticipantRegistered, D>(Self::Participant, event_type, data)
            }
            EventType::ActivityUpdated => of::<kind::ActivityUpdated, D>(Self::Activity, event_type, data),
            EventType::ActivityCapacityStateChanged => {
                of::<kind::ActivityCapacityStateChanged, D>(Self::ActivityCapacity, event_type, data)
            }
            EventType::EventPublished | EventType::EventUnpublished => {
                of::<kind::EventPublished, D>(Self::Event, event_type, data)
            }
            EventType::UserRevokedAccess => {
                of::<kind::UserRevokedAccess, D>(Self::UserRevoked, event_type, data)
            }
            EventType::DataDeletionRequired => {
                of::<kind::DataDeletionRequired, D>(Self::DeletionRequired, event_type, data)
            }
            EventType::IntegrationSuspended => {
                of::<kind::IntegrationSuspended, D>(Self::IntegrationSuspended, event_type, data)
            }
            EventType::Other(_) => Err(D::Error::custom("an unknown type")),
        }
    }
}

record! {
    /// Who took their access back.
    #[derive(Debug, Clone, PartialEq, Eq)]
    UserRevoked {
        required {
            /// The participant.
            pub user_id: UserId,
        }
        optional {
            /// The event they had signed in to, where the data names it.
            pub event_id: Option<EventId>,
        }
    }
}

record! {
    /// By when cached data has to be gone, and why.
    #[derive(Debug, Clone, PartialEq, Eq)]
    DeletionRequired {
        required {}
        optional {
            /// The platform's deadline; where it is missing, 30 days after the event (contract §2.6).
            pub deadline_at: Option<Timestamp>,
            /// What ended the connection.
            pub reason: Option<String>,
            /// The event of the connection.
            pub event_id: Option<EventId>,
            /// The organization of the connection.
            pub organization_id: Option<OrganizationId>,
        }
    }
}

record! {
    /// Why the platform suspended the integration.
    #[derive(Debug, Clone, PartialEq, Eq)]
    IntegrationSuspended {
        required {}
        optional {
            /// The platform's reason.
            pub reason: Option<String>,
        }
    }
}
