//! Verification of recorded deliveries, for tools only.

use core::fmt;

use crate::{
    error::{SecretError, VerifyError},
    headers::Headers,
    key::{Keys, MatchedKey},
    verify::Claim,
};

/// Verifies a delivery from a log or a file, whatever its age.
///
/// It is a type of its own, and so is [what it yields](Recorded): neither can be passed where a live
/// delivery is expected, so a server cannot forget the timestamp by accident.
#[derive(Debug, Clone)]
pub struct OfflineVerifier {
    keys: Keys,
}

impl OfflineVerifier {
    /// For one secret, used as shown.
    ///
    /// # Errors
    /// When the secret is empty or padded with white space.
    #[inline]
    pub fn new(secret: &str) -> Result<Self, SecretError> {
        Keys::new(secret).map(|keys| Self { keys })
    }

    /// Accepts a rotated secret too, without an end.
    ///
    /// # Errors
    /// When the secret is empty or padded with white space.
    #[inline]
    pub fn with_previous(mut self, secret: &str) -> Result<Self, SecretError> {
        self.keys.add_previous(secret, None)?;
        Ok(self)
    }

    /// Verifies the signature alone: a hit tells that the platform once sent this, not when.
    ///
    /// # Errors
    /// When the timestamp or the signature is malformed or no secret yields the signature.
    #[inline]
    pub fn verify<'a>(&self, headers: &Headers<'a>, body: &'a [u8]) -> Result<Recorded<'a>, VerifyError> {
        let claim = Claim::read(headers)?;
        let matched = claim
            .matching_key(&self.keys, headers, body, claim.timestamp)
            .ok_or(VerifyError::Mismatch)?;
        Ok(Recorded {
            body,
            timestamp: claim.timestamp,
            matched,
        })
    }
}

/// A recorded delivery whose signature holds. It may be a replay, so it is no proof for a server.
#[derive(Clone, Copy)]
pub struct Recorded<'a> {
    body: &'a [u8],
    timestamp: i64,
    matched: MatchedKey,
}

impl<'a> Recorded<'a> {
    /// The raw body, as signed.
    #[inline]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// When it was signed, in Unix seconds.
    #[inline]
    pub fn timestamp(&self) -> i64 {
        self.timestamp
    }

    /// Which secret held.
    #[inline]
    pub fn matched_key(&self) -> MatchedKey {
        self.matched
    }
}

impl fmt::Debug for Recorded<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorded")
            .field("timestamp", &self.timestamp)
            .field("matched_key", &self.matched)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Signer;

    #[test]
    fn w16_a_recording_of_any_age_verifies_offline() {
        for timestamp in ["0", "1778336551", "999999999999"] {
            let signature = Signer::new("older").unwrap().sign_text(timestamp, b"{}");
            let headers = Headers::collect([
                ("x-revento-event", "application.approved"),
                ("x-revento-delivery-id", "d-1"),
                ("x-revento-timestamp", timestamp),
                ("x-revento-signature", &signature),
            ])
            .unwrap();
            let verifier = OfflineVerifier::new("now")
                .unwrap()
                .with_previous("older")
                .unwrap();
            let recorded = verifier.verify(&headers, b"{}").unwrap();
            assert_eq!(recorded.matched_key(), MatchedKey::Previous(0));
            assert_eq!(
                verifier.verify(&headers, b"{ }").unwrap_err(),
                VerifyError::Mismatch
            );
        }
    }
}
