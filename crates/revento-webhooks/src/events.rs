//! The signed envelope of a verified delivery (feature `events`).

use alloc::sync::Arc;
use core::{error::Error, fmt};

use revento_core::{Envelope, EnvelopeError, kind::Kind};

use crate::{receive::VerifiedDelivery, verify::Verified};

/// A genuine delivery whose content does not fit.
#[derive(Debug)]
#[non_exhaustive]
pub enum EventError {
    /// The body is not the promised envelope, or its data not what was asked for:
    /// [`EnvelopeError::is_other_type`] tells whether it is merely of another type.
    Malformed(EnvelopeError),
    /// `X-Revento-Event`, which is not signed, names another type than the signed body: somebody
    /// changed the header of a captured delivery (contract §4.1). Answer 401.
    TypeMismatch,
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(error) => error.fmt(f),
            Self::TypeMismatch => f.write_str("the event header does not name the type of the signed body"),
        }
    }
}

impl Error for EventError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Malformed(error) => Some(error),
            Self::TypeMismatch => None,
        }
    }
}

impl Verified<'_> {
    /// Reads the envelope, and holds the unsigned type header against the signed type.
    ///
    /// # Errors
    /// When the body is not an envelope or the header disagrees with it.
    pub fn envelope(&self) -> Result<Envelope, EventError> {
        let envelope = Envelope::parse(self.body()).map_err(EventError::Malformed)?;
        if envelope.event_type.as_str() != self.unsigned_event_type() {
            return Err(EventError::TypeMismatch);
        }
        Ok(envelope)
    }
}

impl VerifiedDelivery {
    /// See [`Verified::envelope`].
    ///
    /// # Errors
    /// When the body is not an envelope or the header disagrees with it.
    pub fn envelope(&self) -> Result<Envelope, EventError> {
        self.as_verified().envelope()
    }

    /// Reads the envelope and the data of one kind, going over the text once where that is possible. The
    /// envelope shares the body.
    ///
    /// # Errors
    /// When the body is not an envelope, the header disagrees with it, or its data is not of this kind.
    pub fn read<K: Kind>(self: &Arc<Self>) -> Result<(Envelope, K::Data), EventError> {
        match Envelope::read_single_pass::<K>(Arc::new(Body(Arc::clone(self)))) {
            Some(read) if read.envelope.event_type.as_str() == self.unsigned_event_type() => {
                Ok((read.envelope, read.data))
            }
            _ => {
                let envelope = self.envelope()?;
                let data = envelope.read::<K>().map_err(EventError::Malformed)?;
                Ok((envelope, data))
            }
        }
    }
}

/// A shared delivery as its body.
struct Body(Arc<VerifiedDelivery>);

impl AsRef<[u8]> for Body {
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
        let signature = Signer::new("secret").unwrap().sign(NOW, signed);
        let timestamp = NOW.to_string();
        let headers = Headers::collect([
            ("x-revento-event", event),
            ("x-revento-delivery-id", id),
            ("x-revento-timestamp", &timestamp),
            ("x-revento-signature", &signature),
        ])?;
        let verifier = Verifier::new("secret").unwrap();
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
            let delivery = Arc::new(receive(event, "d-1", body, body).unwrap());
            let read = delivery.read::<revento_core::kind::AnyEvent>();
            assert_eq!(read.is_ok(), agrees);
            assert!(agrees || matches!(read, Err(EventError::TypeMismatch)));
        }
        let delivery = Arc::new(receive("event.published", "d-1", body, body).unwrap());
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
            VerifyError::Mismatch
        );
        let delivery = receive("a", "d-1", b"{", b"{").unwrap();
        assert!(matches!(delivery.envelope(), Err(EventError::Malformed(_))));
    }
}
