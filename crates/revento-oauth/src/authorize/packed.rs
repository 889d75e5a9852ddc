//! The short form of a pending authorization. A browser limits a cookie to 4 KiB, and servers limit all cookies together.

use revento_core::{Scopes, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::PendingAuthorization;
use crate::{Integration, pkce::Verifier};

/// The fields, in their order in the bytes.
#[derive(Serialize, Deserialize)]
struct Packed<'a> {
    state: &'a str,
    verifier: &'a str,
    event_id: &'a str,
    scopes: &'a str,
    expires_at: i64,
}

pub(super) fn pack(pending: &PendingAuthorization) -> Zeroizing<Vec<u8>> {
    let packed = Packed {
        state: &pending.state,
        verifier: pending.verifier.expose(),
        event_id: pending.event_id.as_str(),
        scopes: &pending.scopes.to_string(),
        expires_at: pending.expires_at.unix_micros(),
    };
    // Text and a number always have a form in bytes; the empty form is read as nothing.
    Zeroizing::new(postcard::to_allocvec(&packed).unwrap_or_default())
}

pub(super) fn unpack(bytes: &[u8], integration: &Integration) -> Option<PendingAuthorization> {
    let (packed, []) = postcard::take_from_bytes::<Packed<'_>>(bytes).ok()? else {
        return None;
    };
    Some(PendingAuthorization {
        state: packed.state.into(),
        verifier: Verifier::from_text(packed.verifier),
        redirect_uri: integration.redirect_uri().into(),
        event_id: packed.event_id.into(),
        scopes: Scopes::parse(packed.scopes),
        expires_at: Timestamp::from_unix_micros(packed.expires_at),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{AuthorizationRequest, Endpoints, authorize};

    fn integration() -> Integration {
        let uri = "https://app.example/a/redirect/uri/of/a/length/that/people/use";
        Integration::new(Endpoints::production(), "client", uri).unwrap()
    }

    #[test]
    fn h13_it_is_short_and_comes_back_whole() {
        let request = AuthorizationRequest {
            event_id: "evt_test_published".into(),
            scopes: Scopes::parse("event.read participants.read program.read"),
        };
        let pending = authorize::begin(&integration(), &request, &[9; 64], Timestamp::UNIX_EPOCH).pending;
        let bytes = pending.to_bytes();
        assert!(bytes.len() < 180, "{}", bytes.len());
        let again = PendingAuthorization::from_bytes(&bytes, &integration()).unwrap();
        assert_eq!(
            serde_json::to_string(&again).unwrap(),
            serde_json::to_string(&pending).unwrap()
        );
        assert!(PendingAuthorization::from_bytes(&[&bytes[..], &[0]].concat(), &integration()).is_none());
        assert!(PendingAuthorization::from_bytes(&bytes[1..], &integration()).is_none());
    }

    proptest! {
        #[test]
        fn h13_any_bytes_are_a_pending_authorization_or_nothing(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = PendingAuthorization::from_bytes(&bytes, &integration());
        }
    }
}
