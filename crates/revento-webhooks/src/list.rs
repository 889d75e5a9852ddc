//! Several signatures in one header (feature `signature-list`).

use core::fmt;

use crate::{
    error::VerifyError,
    headers::Headers,
    verify::{Verified, Verifier},
};

/// At most so many are tried: each costs a whole HMAC of a body that nobody has vouched for.
const MOST: usize = 4;

/// Verifies deliveries whose signature header may hold up to four signatures, separated by commas.
///
/// **The contract knows one signature per header**, and so does [`Verifier`], which refuses a list. This
/// type is for who sits behind a sender that signs with the old and the new secret while they rotate: one has
/// to write it down to get it. Every signature has to be well-formed, wherever it stands, and all are
/// tried under all secrets without an early exit.
#[derive(Clone)]
pub struct SignatureListVerifier(Verifier);

impl From<Verifier> for SignatureListVerifier {
    fn from(verifier: Verifier) -> Self {
        Self(verifier)
    }
}

impl SignatureListVerifier {
    /// As [`Verifier::verify`]: one of the signatures has to hold.
    ///
    /// # Errors
    /// As [`Verifier::verify`]; [`VerifyError::BadSignature`] also for more than four signatures.
    pub fn verify<'a>(
        &self,
        headers: &Headers<'a>,
        body: &'a [u8],
        now: i64,
    ) -> Result<Verified<'a>, VerifyError> {
        let signatures = || headers.signature.split(|byte| *byte == b',');
        if signatures().count() > MOST {
            return Err(VerifyError::BadSignature);
        }
        let (mut held, mut refused) = (None, None);
        for signature in signatures() {
            match self.0.verify(&headers.signed(signature.trim_ascii()), body, now) {
                Ok(verified) => held = held.or(Some(verified)),
                Err(VerifyError::Mismatch) => {}
                Err(error) => refused = Some(error),
            }
        }
        match refused {
            Some(error) => Err(error),
            None => held.ok_or(VerifyError::Mismatch),
        }
    }
}

impl fmt::Debug for SignatureListVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SignatureListVerifier").field(&self.0).finish()
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
        let verifier = Verifier::new("now")
            .unwrap()
            .with_previous("before", None)
            .unwrap();
        let timestamp = format!("{NOW}");
        let headers = Headers {
            event: b"event.published",
            delivery_id: b"d-1",
            timestamp: timestamp.as_bytes(),
            signature: &[],
        };
        SignatureListVerifier::from(verifier)
            .verify(&headers.signed(signatures.as_bytes()), BODY, NOW)
            .map(|verified| verified.matched_key())
    }

    fn signed_with(secret: &str) -> String {
        Signer::new(secret).unwrap().sign(NOW, BODY)
    }

    #[test]
    fn w10_a_valid_signature_holds_wherever_it_stands_in_the_list() {
        let (now, before, other) = (signed_with("now"), signed_with("before"), signed_with("other"));
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
        assert_eq!(verify(&none), Err(VerifyError::Mismatch));
    }

    #[test]
    fn w10_a_list_is_as_strict_as_one_signature() {
        let now = signed_with("now");
        for bad in [
            format!("{now},"),
            format!(",{now}"),
            format!("{now},v1"),
            format!("{now},{}", now.to_uppercase()),
            format!("{now};{now}"),
            [now.as_str(); MOST + 1].join(","),
        ] {
            assert_eq!(verify(&bad), Err(VerifyError::BadSignature), "{bad}");
        }
        assert!(verify(&[now.as_str(); MOST].join(",")).is_ok());
    }
}
