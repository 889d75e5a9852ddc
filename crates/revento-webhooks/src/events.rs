//! The signed envelope of a verified delivery (feature `events`).

use alloc::sync::Arc;
use core::{error::Error, fmt};

use revento_core::{Envelope, EnvelopeError, error::ErrorKind, kind::Kind};

use crate::{delivery::VerifiedDelivery, error::VerifyErrorKind, verify::Verified};

/// A verified delivery whose content is not what the caller asked for.
#[non_exhaustive]
pub enum EventError {
    /// The body is not the envelope that the contract promises, or its data is not of the requested kind.
    /// [`EnvelopeError::is_other_type`] tells whether the delivery merely has another type.
    Malformed(EnvelopeError),
    /// `X-Revento-Event`, which is not signed, names another type than the signed body. Somebody changed the header of a
    /// captured delivery (contract §4.1). Answer 401.
    TypeMismatch,
    /// The body has no bytes. It is signed, so it is not a probe.
    EmptyBody,
    /// The body is white space alone. It is signed, so it is not a probe.
    BlankBody,
}

revento_core::readable_debug!(EventError);

impl EventError {
    /// Who is at fault: `Platform` for a malformed envelope, `Rejected` for a changed header.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Malformed(_) | Self::EmptyBody | Self::BlankBody => ErrorKind::Platform,
            Self::TypeMismatch => ErrorKind::Rejected,
        }
    }

    /// Whether the same call can succeed later: never.
    pub fn is_transient(&self) -> bool {
        false
    }

    /// Whether the call may have taken effect: never.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }

    fn of_envelope(error: EnvelopeError, body: &[u8]) -> Self {
        if body.is_empty() {
            Self::EmptyBody
        } else if body.trim_ascii().is_empty() {
            Self::BlankBody
        } else {
            Self::Malformed(error)
        }
    }
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed(_) => "the webhook is verified, but its content is not the expected one",
            Self::EmptyBody => "the webhook is verified, but its body is empty",
            Self::BlankBody => "the webhook is verified, but its body is white space alone",
            Self::TypeMismatch => "the event header does not name the type of the signed body",
        })
    }
}

impl Error for EventError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Malformed(error) => Some(error),
            Self::TypeMismatch | Self::EmptyBody | Self::BlankBody => None,
        }
    }
}

impl From<VerifyErrorKind> for ErrorKind {
    fn from(kind: VerifyErrorKind) -> Self {
        match kind {
            VerifyErrorKind::Configuration => Self::Configuration,
            VerifyErrorKind::Rejected => Self::Rejected,
        }
    }
}

impl Verified<'_> {
    /// Reads the envelope, and compares the unsigned type header with the signed type.
    ///
    /// # Errors
    /// When the body is not an envelope or the header names another type.
    pub fn envelope(&self) -> Result<Envelope, EventError> {
        let envelope =
            Envelope::parse(self.body()).map_err(|error| EventError::of_envelope(error, self.body()))?;
        if envelope.event_type.as_str() != self.unsigned_event_type() {
            return Err(EventError::TypeMismatch);
        }
        Ok(envelope)
    }
}

impl VerifiedDelivery {
    /// Reads the envelope. See [`Verified::envelope`].
    ///
    /// # Errors
    /// When the body is not an envelope or the header names another type.
    pub fn envelope(&self) -> Result<Envelope, EventError> {
        self.as_verified().envelope()
    }

    /// Reads the envelope and the data of one kind, in a single pass over the text where possible. The envelope shares
    /// the body.
    ///
    /// # Errors
    /// When the body is not an envelope, the header names another type, or the data is not of this kind.
    pub fn read<K: Kind>(self) -> Result<VerifiedWebhook<K>, EventError> {
        let in_one_pass = Envelope::read_single_pass::<K>(Arc::new(SharedBody(self.clone())));
        let (envelope, data) = match in_one_pass {
            Some(read) if read.envelope.event_type.as_str() == self.unsigned_event_type() => {
                (read.envelope, read.data)
            }
            _ => {
                let envelope = self.envelope()?;
                let data = envelope.read::<K>().map_err(EventError::Malformed)?;
                (envelope, data)
            }
        };
        Ok(VerifiedWebhook {
            delivery: self,
            envelope,
            data,
        })
    }
}

/// A verified webhook of one kind. Only a verified delivery yields it.
///
/// `VerifiedWebhook<ApplicationApproved>` holds the data of that kind. `VerifiedWebhook<AnyEvent>` holds every kind, also
/// kinds that this version does not know.
pub struct VerifiedWebhook<K: Kind> {
    delivery: VerifiedDelivery,
    envelope: Envelope,
    data: K::Data,
}

impl<K: Kind> VerifiedWebhook<K> {
    /// The signed envelope.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// The snapshot of the resource.
    pub fn data(&self) -> &K::Data {
        &self.data
    }

    /// The snapshot of the resource, owned.
    pub fn into_data(self) -> K::Data {
        self.data
    }

    /// The delivery, with the raw body.
    pub fn delivery(&self) -> &VerifiedDelivery {
        &self.delivery
    }
}

/// Shows no content.
impl<K: Kind> fmt::Debug for VerifiedWebhook<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedWebhook")
            .field("kind", &K::NAME)
            .field("delivery", &self.delivery)
            .field("envelope", &self.envelope)
            .finish_non_exhaustive()
    }
}

/// The body of a shared delivery.
struct SharedBody(VerifiedDelivery);

impl AsRef<[u8]> for SharedBody {
    fn as_ref(&self) -> &[u8] {
        self.0.body()
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;
    use crate::{Headers, Signer, Verifier, VerifyError};

    const NOW: i64 = 1_778_336_551;
    const BODY: &str = r#"{"id":"env_1","type":"event.published","occurred_at":"2026-05-09T14:22:31Z",
        "event_id":"evt_1","organization_id":"org_1","data":{"id":"evt_1","publish_status":"published"}}"#;

    fn receive(event: &str, id: &str, signed: &[u8], body: &[u8]) -> Result<VerifiedDelivery, VerifyError> {
        let signature = Signer::new("whsec_example_secret").unwrap().sign(NOW, signed);
        let timestamp = NOW.to_string();
        let headers = Headers::collect([
            ("x-revento-event", event),
            ("x-revento-delivery-id", id),
            ("x-revento-timestamp", &timestamp),
            ("x-revento-signature", &signature),
        ])?;
        let verifier = Verifier::new("whsec_example_secret").unwrap();
        verifier.verify(&headers, body, NOW).map(Into::into)
    }

    #[test]
    fn w24_a_header_that_disagrees_with_the_signed_type_is_refused() {
        let body = BODY.as_bytes();
        let delivery = receive("event.published", "d-1", body, body).unwrap();
        assert_eq!(delivery.envelope().unwrap().id.as_str(), "env_1");
        for forged in ["event.unpublished", "Event.published", "event.published "] {
            let delivery = receive(forged, "d-1", body, body).unwrap();
            assert!(
                matches!(delivery.envelope(), Err(EventError::TypeMismatch)),
                "{forged}"
            );
        }
    }

    #[test]
    fn w24_a_changed_header_is_found_in_one_pass_too() {
        let body = BODY.as_bytes();
        for (event, agrees) in [("event.published", true), ("event.unpublished", false)] {
            let delivery = receive(event, "d-1", body, body).unwrap();
            let read = delivery.read::<revento_core::kind::AnyEvent>();
            assert_eq!(read.is_ok(), agrees);
            assert!(agrees || matches!(read, Err(EventError::TypeMismatch)));
        }
        let delivery = receive("event.published", "d-1", body, body).unwrap();
        let Err(EventError::Malformed(error)) = delivery.read::<revento_core::kind::UserRevokedAccess>()
        else {
            panic!("of another kind")
        };
        assert!(error.is_other_type());
    }

    #[test]
    fn w24_another_delivery_id_leaves_the_signed_identity_as_it_is() {
        let ids = ["d-1", "d-2"].map(|id| {
            let delivery = receive("event.published", id, BODY.as_bytes(), BODY.as_bytes()).unwrap();
            delivery.envelope().unwrap().id
        });
        assert_eq!(ids[0], ids[1]);
    }

    #[test]
    fn w26_a_bad_signature_is_found_before_bad_json() {
        assert_eq!(
            receive("a", "d-1", b"{}", b"{").unwrap_err(),
            VerifyError::SignatureMismatch
        );
        let delivery = receive("a", "d-1", b"{", b"{").unwrap();
        assert!(matches!(delivery.envelope(), Err(EventError::Malformed(_))));
    }

    #[test]
    fn h10_a_signed_body_that_is_empty_or_blank_has_a_name_of_its_own() {
        let read = |body: &[u8]| receive("a", "d-1", body, body).unwrap().envelope().unwrap_err();
        assert!(matches!(read(b""), EventError::EmptyBody));
        assert!(matches!(read(b"\n "), EventError::BlankBody));
        assert!(matches!(read(b"null"), EventError::Malformed(_)));
    }
}
