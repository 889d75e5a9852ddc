//! Verification of recorded deliveries, for tools only.

use core::fmt;

use crate::{
    error::{SecretError, VerifyError},
    headers::Headers,
    keys::{Keys, MatchedKey},
    verify::SignatureClaim,
};

/// Verifies a delivery from a log or a file, regardless of its age.
///
/// Neither this type nor [its result](RecordedDelivery) fits where a live delivery is expected, so a server cannot skip the
/// check of the timestamp by accident.
#[derive(Debug, Clone)]
pub struct OfflineVerifier {
    keys: Keys,
}

impl OfflineVerifier {
    /// Prepares one secret. The verifier uses its bytes as shown.
    ///
    /// # Errors
    /// When the secret is empty, surrounded by white space, or has fewer than 16 characters.
    #[inline]
    pub fn new(secret: &str) -> Result<Self, SecretError> {
        Keys::new(secret).map(|keys| Self { keys })
    }

    /// Accepts a rotated secret too, without a time limit.
    ///
    /// # Errors
    /// When the secret is empty, surrounded by white space, or has fewer than 16 characters.
    #[inline]
    pub fn with_previous(mut self, secret: &str) -> Result<Self, SecretError> {
        self.keys.add_previous(secret, None)?;
        Ok(self)
    }

    /// Verifies the signature alone. Success means that the platform sent this at some time, not when.
    ///
    /// # Errors
    /// When the timestamp or the signature is malformed or no secret yields the signature.
    #[inline]
    pub fn verify<'a>(
        &self,
        headers: &Headers<'a>,
        body: &'a [u8],
    ) -> Result<RecordedDelivery<'a>, VerifyError> {
        let claim = SignatureClaim::read(headers)?;
        Ok(RecordedDelivery {
            body,
            timestamp: claim.timestamp,
            matched_key: claim.matching_key(&self.keys, headers, body, claim.timestamp)?,
        })
    }
}

/// A recorded delivery with a valid signature. It may be a replay, so a server must not trust it.
#[derive(Clone, Copy)]
pub struct RecordedDelivery<'a> {
    body: &'a [u8],
    timestamp: i64,
    matched_key: MatchedKey,
}

impl<'a> RecordedDelivery<'a> {
    /// The raw body, as signed.
    #[inline]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The time at which the platform signed it, in Unix seconds.
    #[inline]
    pub fn timestamp(&self) -> i64 {
        self.timestamp
    }

    /// The secret that made the signature.
    #[inline]
    pub fn matched_key(&self) -> MatchedKey {
        self.matched_key
    }
}

impl fmt::Debug for RecordedDelivery<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedDelivery")
            .field("timestamp", &self.timestamp)
            .field("matched_key", &self.matched_key)
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
            let signature = Signer::new("whsec_older_secret")
                .unwrap()
                .sign_text(timestamp, b"{}");
            let headers = Headers::collect([
                ("x-revento-event", "application.approved"),
                ("x-revento-delivery-id", "d-1"),
                ("x-revento-timestamp", timestamp),
                ("x-revento-signature", &signature),
            ])
            .unwrap();
            let verifier = OfflineVerifier::new("whsec_current_secret")
                .unwrap()
                .with_previous("whsec_older_secret")
                .unwrap();
            let recorded = verifier.verify(&headers, b"{}").unwrap();
            assert_eq!(recorded.matched_key(), MatchedKey::Previous(0));
            assert_eq!(
                verifier.verify(&headers, b"{ }").unwrap_err(),
                VerifyError::SignatureMismatch
            );
        }
    }
}
