//! The verifier, and the proof that it gives out.

use core::fmt;

use crate::{
    error::{SecretError, ToleranceError, VerifyError},
    headers::Headers,
    key::{Keys, MatchedKey, Trials},
    mac::{Message, Prefix, Tag},
    timestamp,
};

/// Verifies deliveries under the current secret and any number of previous ones.
///
/// It is prepared once and shared: [`verify`](Self::verify) takes the body as a whole,
/// [`receive`](Self::receive) in pieces as they arrive.
#[derive(Debug, Clone)]
pub struct Verifier {
    pub(crate) keys: Keys,
    tolerance: u64,
}

impl Verifier {
    /// A verifier for one secret, used as shown, with a tolerance of 300 s.
    ///
    /// # Errors
    /// When the secret is empty or padded with white space.
    #[inline]
    pub fn new(secret: &str) -> Result<Self, SecretError> {
        Ok(Self {
            keys: Keys::new(secret)?,
            tolerance: 300,
        })
    }

    /// Accepts a rotated secret too, until `not_after` (Unix seconds, inclusive) where that is given.
    ///
    /// # Errors
    /// When the secret is empty or padded with white space.
    #[inline]
    pub fn with_previous(mut self, secret: &str, not_after: Option<i64>) -> Result<Self, SecretError> {
        self.keys.add_previous(secret, not_after)?;
        Ok(self)
    }

    /// Tightens how far a timestamp may lie from `now`, in seconds.
    ///
    /// # Errors
    /// When it is not within 30 to 300 s (contract §4.1).
    #[inline]
    pub fn with_tolerance(mut self, seconds: u64) -> Result<Self, ToleranceError> {
        if !(30..=300).contains(&seconds) {
            return Err(ToleranceError { seconds });
        }
        self.tolerance = seconds;
        Ok(self)
    }

    /// Verifies one delivery: `body` is the raw bytes as received, `now` is in Unix seconds.
    ///
    /// Every secret is tried, without an early exit. Nothing is allocated.
    ///
    /// # Errors
    /// When the timestamp or the signature is malformed, the timestamp is outside the tolerance,
    /// or no secret yields the signature. Answer 401 to all of them.
    #[inline]
    pub fn verify<'a>(
        &self,
        headers: &Headers<'a>,
        body: &'a [u8],
        now: i64,
    ) -> Result<Verified<'a>, VerifyError> {
        self.claim(headers, now)?.verify(body)
    }

    /// Settles what the headers alone can settle, before the first byte of the body is read. `now` is in
    /// Unix seconds.
    ///
    /// # Errors
    /// The same as of [`verify`](Self::verify), except for [`VerifyError::Mismatch`].
    #[inline]
    pub fn claim<'h>(&self, headers: &Headers<'h>, now: i64) -> Result<Claimed<'_, 'h>, VerifyError> {
        let claim = Claim::read(headers)?;
        timestamp::check(claim.timestamp, now, self.tolerance)?;
        Ok(Claimed {
            keys: &self.keys,
            headers: *headers,
            claim,
            now,
        })
    }
}

/// A delivery whose headers are in order, and whose body has yet to prove them. From [`Verifier::claim`].
#[derive(Clone, Copy)]
pub struct Claimed<'v, 'h> {
    pub(crate) keys: &'v Keys,
    pub(crate) headers: Headers<'h>,
    pub(crate) claim: Claim,
    pub(crate) now: i64,
}

impl<'h> Claimed<'_, 'h> {
    /// Verifies the body: the raw bytes as received, all of them.
    ///
    /// Every secret is tried, without an early exit. Nothing is allocated.
    ///
    /// # Errors
    /// [`VerifyError::Mismatch`].
    #[inline]
    pub fn verify(self, body: &'h [u8]) -> Result<Verified<'h>, VerifyError> {
        Ok(Verified {
            headers: self.headers,
            body,
            timestamp: self.claim.timestamp,
            matched: self.matching_key(body)?,
        })
    }

    #[inline]
    pub(crate) fn matching_key(&self, body: &[u8]) -> Result<MatchedKey, VerifyError> {
        self.claim
            .matching_key(self.keys, &self.headers, body, self.now)
            .ok_or(VerifyError::Mismatch)
    }
}

/// Shows no signature.
impl fmt::Debug for Claimed<'_, '_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claimed")
            .field("delivery_id", &self.headers.delivery_id())
            .field("event_type", &self.headers.event())
            .field("timestamp", &self.claim.timestamp)
            .finish_non_exhaustive()
    }
}

/// What the headers claim, well-formed but not yet proven.
#[derive(Clone, Copy)]
pub(crate) struct Claim {
    pub(crate) timestamp: i64,
    pub(crate) tag: Tag,
}

impl Claim {
    #[inline]
    pub(crate) fn read(headers: &Headers<'_>) -> Result<Self, VerifyError> {
        let timestamp = timestamp::parse(headers.timestamp)?;
        let tag = headers
            .signature
            .strip_prefix(b"sha256=")
            .and_then(Tag::parse)
            .ok_or(VerifyError::BadSignature)?;
        Ok(Self { timestamp, tag })
    }

    #[inline]
    pub(crate) fn matching_key(
        &self,
        keys: &Keys,
        headers: &Headers<'_>,
        body: &[u8],
        now: i64,
    ) -> Option<MatchedKey> {
        let message = Message::new(&Prefix::new(headers.timestamp), body);
        let mut trials = Trials::new();
        keys.each(now, |candidate, key| {
            trials.enter(candidate, key.holds(&message, &self.tag));
        });
        trials.matched()
    }
}

/// A delivery whose signature held: the only way to its body.
#[derive(Clone, Copy)]
pub struct Verified<'a> {
    pub(crate) headers: Headers<'a>,
    pub(crate) body: &'a [u8],
    pub(crate) timestamp: i64,
    pub(crate) matched: MatchedKey,
}

impl<'a> Verified<'a> {
    /// The raw body, as signed.
    #[inline]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// When this attempt was signed, in Unix seconds.
    #[inline]
    pub fn timestamp(&self) -> i64 {
        self.timestamp
    }

    /// Which secret held. `Previous` after a rotation tells that the sender still uses the old one.
    #[inline]
    pub fn matched_key(&self) -> MatchedKey {
        self.matched
    }

    /// `X-Revento-Delivery-Id`. **Not covered by the signature**: whoever replays a captured delivery
    /// can change it, so deduplicate by the envelope's `id` as well (contract §4.1).
    #[inline]
    pub fn unsigned_delivery_id(&self) -> &'a str {
        self.headers.delivery_id()
    }

    /// `X-Revento-Event`. **Not covered by the signature**: the body's `type` decides (contract §4.1).
    #[inline]
    pub fn unsigned_event_type(&self) -> &'a str {
        self.headers.event()
    }
}

/// A body holds personal data and is not shown.
impl fmt::Debug for Verified<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("delivery_id", &self.headers.delivery_id())
            .field("event_type", &self.headers.event())
            .field("timestamp", &self.timestamp)
            .field("matched_key", &self.matched)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::{format, string::String};

    use super::*;
    use crate::{HeaderError, Signer};

    const SECRET: &str = "whsec_known_answer";
    const BODY: &[u8] = b"{\"id\":\"env_1\",\"note\":\"\xff\xfe\"}";
    const NOW: i64 = 1_778_336_551;

    fn check(verifier: &Verifier, signature: &str, body: &[u8], now: i64) -> Result<MatchedKey, VerifyError> {
        let timestamp = format!("{NOW}");
        let headers = Headers {
            event: b"application.approved",
            delivery_id: b"d-1",
            timestamp: timestamp.as_bytes(),
            signature: signature.as_bytes(),
        };
        verifier
            .verify(&headers, body, now)
            .map(|verified| verified.matched_key())
    }

    fn signed_with(secret: &str) -> String {
        Signer::new(secret).unwrap().sign(NOW, BODY)
    }

    #[test]
    fn w1_a_known_answer_holds() {
        // printf '1778336551.{}' | openssl dgst -sha256 -hmac whsec_known_answer
        let signature = Signer::new(SECRET).unwrap().sign(NOW, b"{}");
        assert_eq!(
            signature,
            "sha256=98add668017b8db7ac1a06a7148ac4281177c66c91fe06d8c6eb424e59ad7215"
        );
        let verifier = Verifier::new(SECRET).unwrap();
        assert_eq!(check(&verifier, &signature, b"{}", NOW), Ok(MatchedKey::Current));
    }

    #[test]
    fn w18_a_body_need_not_be_text() {
        let verifier = Verifier::new(SECRET).unwrap();
        assert_eq!(
            check(&verifier, &signed_with(SECRET), BODY, NOW),
            Ok(MatchedKey::Current)
        );
    }

    #[test]
    fn w2_another_secret_body_or_time_is_refused() {
        let verifier = Verifier::new(SECRET).unwrap();
        assert_eq!(
            check(&verifier, &signed_with("other"), BODY, NOW),
            Err(VerifyError::Mismatch)
        );
        assert_eq!(
            check(&verifier, &signed_with(SECRET), b"{}", NOW),
            Err(VerifyError::Mismatch)
        );
        let stale = check(&verifier, &signed_with(SECRET), BODY, NOW + 301);
        assert_eq!(stale, Err(VerifyError::Stale { age: 301 }));
    }

    #[test]
    fn w3_an_empty_or_padded_secret_is_refused() {
        for secret in ["", " ", "\n\t"] {
            assert_eq!(Verifier::new(secret).unwrap_err(), SecretError::Empty);
        }
        for secret in ["s\n", " s", "s "] {
            assert_eq!(Verifier::new(secret).unwrap_err(), SecretError::Padded);
        }
    }

    #[test]
    fn w8_only_the_exact_signature_format_is_read() {
        let good = signed_with(SECRET);
        let digits = &good[7..];
        let verifier = Verifier::new(SECRET).unwrap();
        for bad in [
            String::from("sha256="),
            digits.into(),
            format!("sha1={digits}"),
            format!("SHA256={digits}"),
            format!("sha256={}", &digits[..8]),
            format!("sha256={digits}="),
            format!("sha256={digits},sha256={digits}"),
            format!(
                "sha256={}",
                digits.to_uppercase().replace(|c: char| c.is_ascii_digit(), "A")
            ),
            format!(" {good}"),
        ] {
            assert_eq!(
                check(&verifier, &bad, BODY, NOW),
                Err(VerifyError::BadSignature),
                "{bad}"
            );
        }
    }

    #[test]
    fn w11_any_secret_may_hold_and_the_answer_says_which() {
        let verifier = Verifier::new("now")
            .unwrap()
            .with_previous("before", Some(NOW))
            .unwrap()
            .with_previous("long ago", None)
            .unwrap();
        assert_eq!(
            check(&verifier, &signed_with("now"), BODY, NOW),
            Ok(MatchedKey::Current)
        );
        assert_eq!(
            check(&verifier, &signed_with("before"), BODY, NOW),
            Ok(MatchedKey::Previous(0))
        );
        assert_eq!(
            check(&verifier, &signed_with("before"), BODY, NOW + 1),
            Err(VerifyError::Mismatch)
        );
        assert_eq!(
            check(&verifier, &signed_with("long ago"), BODY, NOW),
            Ok(MatchedKey::Previous(1))
        );
    }

    #[test]
    fn w10_several_signatures_in_one_header_are_refused_wherever_the_valid_one_stands() {
        let (good, bad) = (signed_with(SECRET), signed_with("other"));
        let verifier = Verifier::new(SECRET).unwrap();
        for separator in [",", ", ", " ", ";"] {
            for all in [[&good, &bad, &bad], [&bad, &good, &bad], [&bad, &bad, &good]] {
                let header = all.map(String::as_str).join(separator);
                assert_eq!(
                    check(&verifier, &header, BODY, NOW),
                    Err(VerifyError::BadSignature)
                );
            }
        }
    }

    #[test]
    fn w16_the_tolerance_can_only_be_tightened() {
        let verifier = Verifier::new(SECRET).unwrap();
        assert!(verifier.clone().with_tolerance(301).is_err());
        assert!(verifier.clone().with_tolerance(29).is_err());
        let tight = verifier.with_tolerance(30).unwrap();
        assert!(check(&tight, &signed_with(SECRET), BODY, NOW + 30).is_ok());
        assert_eq!(
            check(&tight, &signed_with(SECRET), BODY, NOW - 31),
            Err(VerifyError::Future { ahead: 31 })
        );
    }

    #[test]
    fn w23_no_output_shows_a_secret_or_a_signature() {
        let verifier = Verifier::new(SECRET)
            .unwrap()
            .with_previous("older", None)
            .unwrap();
        let error = check(&verifier, &signed_with("other"), BODY, NOW).unwrap_err();
        let shown = format!(
            "{verifier:?} {error:?} {error} {:?}",
            Signer::new(SECRET).unwrap()
        );
        for planted in [SECRET, "older", &signed_with(SECRET)[7..]] {
            assert!(!shown.contains(planted), "{shown}");
        }
    }

    #[test]
    fn header_errors_are_verify_errors() {
        let error = Headers::collect::<&str, str, _>([]).unwrap_err();
        assert!(matches!(
            VerifyError::from(error),
            VerifyError::Headers(HeaderError::Missing(_))
        ));
    }
}
