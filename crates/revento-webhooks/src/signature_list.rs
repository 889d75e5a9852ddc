//! Several signatures in one header (feature `signature-list`).

use crate::{
    error::{SignatureError, VerifyError},
    headers::Headers,
    verify::{Verified, Verifier},
};

/// The greatest number of signatures in one header. Each costs a whole HMAC of an unverified body.
const MAX_SIGNATURES: usize = 4;

/// Verifies deliveries whose signature header holds up to four signatures, separated by commas.
///
/// **The contract allows one signature in a header**, and [`Verifier`] refuses a list. This type is for integrations behind
/// a sender that signs with the old and the new secret during a rotation. Every signature in the list has to be
/// well-formed. The verifier tries all signatures under all secrets without an early exit.
#[derive(Clone, Debug)]
pub struct SignatureListVerifier(Verifier);

impl From<Verifier> for SignatureListVerifier {
    fn from(verifier: Verifier) -> Self {
        Self(verifier)
    }
}

impl SignatureListVerifier {
    /// Verifies one delivery as [`Verifier::verify`] does. One of the signatures has to be valid.
    ///
    /// # Errors
    /// Those of [`Verifier::verify`]. More than four signatures are a [`VerifyError::MalformedSignature`].
    pub fn verify<'a>(
        &self,
        headers: &Headers<'a>,
        body: &'a [u8],
        now: i64,
    ) -> Result<Verified<'a>, VerifyError> {
        let signatures = || headers.signature.split(|byte| *byte == b',');
        if signatures().count() > MAX_SIGNATURES {
            return Err(VerifyError::MalformedSignature(SignatureError::BadLength));
        }
        let (mut verified, mut refused) = (None, None);
        for signature in signatures() {
            match self
                .0
                .verify(&headers.with_signature(signature.trim_ascii()), body, now)
            {
                Ok(new) => verified = verified.or(Some(new)),
                Err(VerifyError::SignatureMismatch | VerifyError::EmptyBody | VerifyError::BlankBody) => {}
                Err(error) => refused = Some(error),
            }
        }
        match refused {
            Some(error) => Err(error),
            None => verified.ok_or_else(|| VerifyError::mismatch(body)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{format, string::String};

    use super::*;
    use crate::{MatchedKey, Signer};

    const NOW: i64 = 1_778_336_551;
    const BODY: &[u8] = b"{}";

    fn verify(signatures: &str) -> Result<MatchedKey, VerifyError> {
        let verifier = Verifier::new("whsec_current_secret")
            .unwrap()
            .with_previous("whsec_previous_secret", None)
            .unwrap();
        let timestamp = format!("{NOW}");
        let headers = Headers {
            event: b"event.published",
            delivery_id: b"d-1",
            timestamp: timestamp.as_bytes(),
            signature: &[],
        };
        SignatureListVerifier::from(verifier)
            .verify(&headers.with_signature(signatures.as_bytes()), BODY, NOW)
            .map(|verified| verified.matched_key())
    }

    fn signed_with(secret: &str) -> String {
        Signer::new(secret).unwrap().sign(NOW, BODY)
    }

    #[test]
    fn w10_a_valid_signature_is_found_wherever_it_is_in_the_list() {
        let (now, before, other) = (
            signed_with("whsec_current_secret"),
            signed_with("whsec_previous_secret"),
            signed_with("whsec_another_secret"),
        );
        for separator in [",", ", ", " , "] {
            for (good, key) in [(&now, MatchedKey::Current), (&before, MatchedKey::Previous(0))] {
                for list in [
                    [good, &other, &other],
                    [&other, good, &other],
                    [&other, &other, good],
                ] {
                    let list = list.map(String::as_str).join(separator);
                    assert_eq!(verify(&list), Ok(key), "{list}");
                }
            }
        }
        assert_eq!(verify(&now), Ok(MatchedKey::Current));
        let none = [&other, &other].map(String::as_str).join(",");
        assert_eq!(verify(&none), Err(VerifyError::SignatureMismatch));
    }

    #[test]
    fn w10_a_list_is_as_strict_as_one_signature() {
        let now = signed_with("whsec_current_secret");
        for bad in [
            format!("{now},"),
            format!(",{now}"),
            format!("{now},v1"),
            format!("{now},{}", now.to_uppercase()),
            format!("{now};{now}"),
            [now.as_str(); MAX_SIGNATURES + 1].join(","),
        ] {
            assert!(
                matches!(verify(&bad), Err(VerifyError::MalformedSignature(_))),
                "{bad}"
            );
        }
        assert!(verify(&[now.as_str(); MAX_SIGNATURES].join(",")).is_ok());
    }
}
