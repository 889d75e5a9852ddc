//! Kinds of webhooks as types: what a handler names to say which ones it takes.
//!
//! `Webhook<ApplicationApproved>` in an adapter, or [`Envelope::read::<ApplicationApproved>`](Envelope::read),
//! yields [that kind's data](Kind::Data) or refuses. [`AnyEvent`] takes them all, also unknown ones.

use serde::{Deserialize, Deserializer, de::Error};

use crate::{
    Envelope, EnvelopeError, EventType,
    envelope::{DeletionRequired, IntegrationSuspended as Suspended, Payload, UserRevoked},
    resource::{self, Activity, ActivityCapacity, Application, Participant},
};

/// A kind of webhook.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a kind of webhook",
    label = "name a kind here, not the data that it carries",
    note = "the kinds are in `revento_core::kind`: `ApplicationApproved` and its like, or `AnyEvent` for all of them"
)]
pub trait Kind: 'static {
    /// The snapshot that it carries.
    type Data: Send + 'static;

    /// Its type on the wire, or `*` for all.
    const NAME: &'static str;

    /// Whether webhooks of this type are of this kind.
    fn accepts(event_type: &EventType) -> bool;

    /// Reads the snapshot of a webhook that [is accepted](Self::accepts).
    ///
    /// # Errors
    /// When the data lacks what the contract promises; the error names it.
    fn read(envelope: &Envelope) -> Result<Self::Data, EnvelopeError>;

    /// The same while the envelope is being read; whoever refuses is asked by [`read`](Self::read) again.
    ///
    /// # Errors
    /// When the data lacks what the contract promises, or this kind does not read that way.
    #[doc(hidden)]
    fn read_data<'de, D: Deserializer<'de>>(_: &EventType, _: D) -> Result<Self::Data, D::Error> {
        Err(D::Error::custom("not while the envelope is being read"))
    }
}

/// Every kind: the data is a [`Payload`].
#[derive(Debug, Clone, Copy)]
pub struct AnyEvent;

impl Kind for AnyEvent {
    type Data = Payload;

    const NAME: &'static str = "*";

    fn accepts(_: &EventType) -> bool {
        true
    }

    fn read(envelope: &Envelope) -> Result<Payload, EnvelopeError> {
        envelope.payload()
    }

    fn read_data<'de, D: Deserializer<'de>>(event_type: &EventType, data: D) -> Result<Payload, D::Error> {
        Payload::read_data(event_type, data)
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

            fn read(envelope: &Envelope) -> Result<$data, EnvelopeError> {
                let data: $data = envelope.data()?;
                $($(if data.$field.is_none() {
                    return Err(EnvelopeError::missing(stringify!($field)));
                })+)?
                Ok(data)
            }

            fn read_data<'de, D: Deserializer<'de>>(_: &EventType, data: D) -> Result<$data, D::Error> {
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
    /// A participant applied.
    ApplicationSubmitted = "application.submitted" => Application;
    /// A review let an applicant in: `approved_at` and `approver_id` are there.
    ApplicationApproved = "application.approved" => Application, promises approved_at approver_id;
    /// A review turned an applicant down: `rejected_at` is there.
    ApplicationRejected = "application.rejected" => Application, promises rejected_at;
    /// A review asked an applicant for changes.
    ApplicationRevisionRequested = "application.revision_requested" => Application;
    /// A participant became registered.
    ParticipantRegistered = "participant.registered" => Participant;
    /// A participant's profile changed.
    ParticipantProfileUpdated = "participant.profile_updated" => Participant;
    /// The program changed.
    ActivityUpdated = "activity.updated" => Activity;
    /// An activity filled up or has room again.
    ActivityCapacityStateChanged = "activity.capacity_state_changed" => ActivityCapacity;
    /// The event went public.
    EventPublished = "event.published" => resource::Event;
    /// The event is no longer public.
    EventUnpublished = "event.unpublished" => resource::Event;
    /// A participant took their access back.
    UserRevokedAccess = "user.revoked_access" => UserRevoked;
    /// A connection has ended.
    DataDeletionRequired = "data.deletion_required" => DeletionRequired;
    /// The platform suspended the integration.
    IntegrationSuspended = "integration.suspended" => Suspended;
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
