//! Ids. They are opaque text: compare, store and send them, but do not parse them (contract §3.4).

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// An id with this text. Any text is allowed.
            pub fn new(text: impl Into<Box<str>>) -> Self {
                Self(text.into())
            }

            /// The text of the id.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::new(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
    )*};
}

ids! {
    /// An event, which a connection is bound to.
    EventId;
    /// An organization, which runs events.
    OrganizationId;
    /// A user with an account on the platform.
    UserId;
    /// A participant of one event.
    ParticipantId;
    /// A participant's application to one event.
    ApplicationId;
    /// An activity of an event's program.
    ActivityId;
    /// A thread, which groups activities.
    ThreadId;
    /// A location of activities.
    LocationId;
    /// A registration wave: a period in which people can apply.
    WaveId;
    /// The OAuth client id of an integration.
    ClientId;
    /// A webhook delivery. Retries reuse it. It is not signed (contract §4.1).
    DeliveryId;
    /// The signed identity of a webhook: the `id` of its envelope (contract §4.2).
    EnvelopeId;
    /// A request: `X-Revento-Request-Id`, which the platform echoes, also in errors (contract §3.1).
    RequestId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a24_ids_are_text_even_when_they_look_like_numbers() {
        let id: ParticipantId = serde_json::from_str("\"9007199254740993\"").unwrap();
        assert_eq!(id.as_str(), "9007199254740993");
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"9007199254740993\"");
    }

    #[test]
    fn h31_no_prefix_tells_what_an_id_names() {
        let body = r#"{"id":"evt_delivery_xyz","type":"participant.registered","occurred_at":"2026-05-09T14:22:31Z",
            "event_id":"usr_1","organization_id":"evt_1","data":{"id":"evt_delivery_xyz","application_status":"approved"}}"#;
        let envelope = crate::Envelope::parse(body.as_bytes()).unwrap();
        assert_eq!(envelope.id, EnvelopeId::new("evt_delivery_xyz"));
        assert_eq!(envelope.event_id, Some(EventId::new("usr_1")));
        let participant = envelope.read::<crate::kind::ParticipantRegistered>().unwrap();
        assert_eq!(participant.id, ParticipantId::new("evt_delivery_xyz"));
    }
}
