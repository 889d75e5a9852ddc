//! Identifiers. Opaque text: compare, store and send them, never parse them.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// Takes the text of an id as it stands. Any text is an id; the platform decides which exist.
            pub fn new(text: impl Into<Box<str>>) -> Self {
                Self(text.into())
            }

            /// The id's text.
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
    /// An event: what a connection is bound to (`evt_…`).
    EventId;
    /// A verified legal entity that runs events (`org_…`).
    OrganizationId;
    /// A human with an account on the platform (`usr_…`).
    UserId;
    /// A human's participation in one event.
    ParticipantId;
    /// A participant's application to one event.
    ApplicationId;
    /// An entry of an event's program.
    ActivityId;
    /// A line of activities through an event's days.
    ThreadId;
    /// Where activities take place.
    LocationId;
    /// A window in which one can apply to an event.
    WaveId;
    /// An integration's OAuth client id.
    ClientId;
    /// One webhook delivery; its retries reuse it. Not signed (contract §4.1).
    DeliveryId;
    /// The signed identity of a webhook: the envelope's `id` (contract §4.2).
    EnvelopeId;
    /// One request: `X-Revento-Request-Id`, echoed by the platform and in every error (contract §3.1).
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
}
