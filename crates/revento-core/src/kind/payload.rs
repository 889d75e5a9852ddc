//! The data of any webhook.

use serde::{Deserialize, Deserializer, de::IgnoredAny};

use super::{
    ActivityCapacityStateChanged, ActivityUpdated, ApplicationApproved, ApplicationRejected,
    ApplicationRevisionRequested, ApplicationSubmitted, DataDeletionRequired, EventPublished,
    EventUnpublished, IntegrationSuspended, Kind, ParticipantProfileUpdated, ParticipantRegistered,
    UserRevokedAccess,
};
use crate::{
    EventType,
    resource::{
        Activity, ActivityCapacity, Application, DeletionRequired, Event, Participant, Suspension,
        UserRevoked,
    },
};

/// The data of a webhook, by its type.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Payload {
    /// The data of the `application.*` types.
    Application(Application),
    /// The data of the `participant.*` types.
    Participant(Participant),
    /// The data of `activity.updated`.
    Activity(Activity),
    /// The data of `activity.capacity_state_changed`.
    ActivityCapacity(ActivityCapacity),
    /// The data of `event.published` and `event.unpublished`.
    Event(Event),
    /// The data of `user.revoked_access`.
    UserRevoked(UserRevoked),
    /// The data of `data.deletion_required`.
    DeletionRequired(DeletionRequired),
    /// The data of `integration.suspended`.
    Suspension(Suspension),
    /// A type that this version of the SDK does not know. The raw data is in the envelope.
    Other,
}

impl Payload {
    pub(super) fn read<'de, D: Deserializer<'de>>(event_type: &EventType, data: D) -> Result<Self, D::Error> {
        fn of<'de, K: Kind, D: Deserializer<'de>>(
            payload: fn(K::Data) -> Payload,
            event_type: &EventType,
            data: D,
        ) -> Result<Payload, D::Error> {
            K::read(event_type, data).map(payload)
        }

        match event_type {
            EventType::ApplicationSubmitted => {
                of::<ApplicationSubmitted, D>(Self::Application, event_type, data)
            }
            EventType::ApplicationApproved => {
                of::<ApplicationApproved, D>(Self::Application, event_type, data)
            }
            EventType::ApplicationRejected => {
                of::<ApplicationRejected, D>(Self::Application, event_type, data)
            }
            EventType::ApplicationRevisionRequested => {
                of::<ApplicationRevisionRequested, D>(Self::Application, event_type, data)
            }
            EventType::ParticipantRegistered => {
                of::<ParticipantRegistered, D>(Self::Participant, event_type, data)
            }
            EventType::ParticipantProfileUpdated => {
                of::<ParticipantProfileUpdated, D>(Self::Participant, event_type, data)
            }
            EventType::ActivityUpdated => of::<ActivityUpdated, D>(Self::Activity, event_type, data),
            EventType::ActivityCapacityStateChanged => {
                of::<ActivityCapacityStateChanged, D>(Self::ActivityCapacity, event_type, data)
            }
            EventType::EventPublished => of::<EventPublished, D>(Self::Event, event_type, data),
            EventType::EventUnpublished => of::<EventUnpublished, D>(Self::Event, event_type, data),
            EventType::UserRevokedAccess => of::<UserRevokedAccess, D>(Self::UserRevoked, event_type, data),
            EventType::DataDeletionRequired => {
                of::<DataDeletionRequired, D>(Self::DeletionRequired, event_type, data)
            }
            EventType::IntegrationSuspended => {
                of::<IntegrationSuspended, D>(Self::Suspension, event_type, data)
            }
            EventType::Other(_) => IgnoredAny::deserialize(data).map(|_| Self::Other),
        }
    }
}
