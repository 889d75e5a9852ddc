//! Kinds of webhooks as types, by which a handler says what it takes.
//!
//! `VerifiedWebhook<ApplicationApproved>` in an adapter, or
//! [`Envelope::read::<ApplicationApproved>`](crate::Envelope::read), gives [the data of that kind](Kind::Data) or an
//! error. [`AnyEvent`] takes every type, also unknown ones.

mod payload;

use serde::{Deserialize, Deserializer, de::Error};

pub use self::payload::Payload;
use crate::{
    EventType,
    resource::{
        Activity, ActivityCapacity, Application, DeletionRequired, Event, Participant, Suspension,
        UserRevoked,
    },
};

/// A kind of webhook.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a kind of webhook",
    label = "name a kind here, not the data that it carries",
    note = "the kinds are in `revento_core::kind`: `ApplicationApproved` and its like, or `AnyEvent` for all of them"
)]
pub trait Kind: 'static {
    /// The data that the webhook carries.
    type Data: Send + 'static;

    /// The type on the wire, or `*` for all types.
    const NAME: &'static str;

    /// Whether webhooks of this type are of this kind.
    fn accepts(event_type: &EventType) -> bool;

    /// Reads the data of a webhook whose type [is accepted](Self::accepts).
    ///
    /// # Errors
    /// The data lacks a field that the contract promises. The error names the field.
    fn read<'de, D: Deserializer<'de>>(event_type: &EventType, data: D) -> Result<Self::Data, D::Error>;
}

/// Every kind. The data is a [`Payload`].
#[derive(Debug, Clone, Copy)]
pub struct AnyEvent;

impl Kind for AnyEvent {
    type Data = Payload;

    const NAME: &'static str = "*";

    fn accepts(_: &EventType) -> bool {
        true
    }

    fn read<'de, D: Deserializer<'de>>(event_type: &EventType, data: D) -> Result<Payload, D::Error> {
        Payload::read(event_type, data)
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $wire:literal => $data:ty $(, promises $($field:ident)+)?;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $kind;

        impl Kind for $kind {
            type Data = $data;

            const NAME: &'static str = $wire;

            fn accepts(event_type: &EventType) -> bool {
                *event_type == EventType::$kind
            }

            fn read<'de, D: Deserializer<'de>>(_: &EventType, data: D) -> Result<$data, D::Error> {
                let data = <$data>::deserialize(data)?;
                $($(if data.$field.is_none() {
                    return Err(D::Error::missing_field(stringify!($field)));
                })+)?
                Ok(data)
            }
        }
    )*

        #[cfg(test)]
        pub(crate) const NAMES: &[&str] = &[$($wire,)*];
    };
}

kinds! {
    /// A participant applied to an event.
    ApplicationSubmitted = "application.submitted" => Application;
    /// A review approved an application. `approved_at` and `approver_id` are present.
    ApplicationApproved = "application.approved" => Application, promises approved_at approver_id;
    /// A review rejected an application. `rejected_at` is present.
    ApplicationRejected = "application.rejected" => Application, promises rejected_at;
    /// A review asked for changes to an application.
    ApplicationRevisionRequested = "application.revision_requested" => Application;
    /// A participant's status became `registered`.
    ParticipantRegistered = "participant.registered" => Participant;
    /// A participant's profile changed.
    ParticipantProfileUpdated = "participant.profile_updated" => Participant;
    /// An activity of the program changed.
    ActivityUpdated = "activity.updated" => Activity;
    /// An activity filled up or has room again.
    ActivityCapacityStateChanged = "activity.capacity_state_changed" => ActivityCapacity;
    /// The event was published.
    EventPublished = "event.published" => Event;
    /// The event was unpublished.
    EventUnpublished = "event.unpublished" => Event;
    /// A participant revoked the integration's access.
    UserRevokedAccess = "user.revoked_access" => UserRevoked;
    /// A connection has ended.
    DataDeletionRequired = "data.deletion_required" => DeletionRequired;
    /// The platform suspended the integration.
    IntegrationSuspended = "integration.suspended" => Suspension;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_type_is_a_kind() {
        let types: Vec<&str> = EventType::KNOWN.iter().map(EventType::as_str).collect();
        assert_eq!(types, NAMES);
    }
}
