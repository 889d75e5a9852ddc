//! The verifier, and the proof that it returns.

use core::{fmt, time::Duration};

use crate::{
    error::{SecretError, ToleranceError, VerifyError},
    headers::Headers,
    keys::{KeySearch, Keys, MatchedKey},
    signature::Signature,
    timestamp,
};

const LEAST_TOLERANCE: Duration = Duration::from_secs(30);
const GREATEST_TOLERANCE: Duration = Duration::from_secs(300);

/// Verifies deliveries under the current secret and any number of previous secrets.
///
/// Prepare it once and share it. [`verify`](Self::verify) takes a whole body, [`verify_stream`](Self::verify_stream)
/// takes a body in pieces.
#[derive(Debug, Clone)]
pub struct Verifier {
    keys: Keys,
    tolerance: Duration,
}

impl Verifier {
    /// Prepares one secret, with a tolerance of 300 seconds. The verifier uses the bytes of the secret as shown.
    ///
    /// # Errors
    /// When the secret is empty, surrounded by white space, or has fewer than 16 characters.
    #[inline]
    pub fn new(secret: &str) -> Result<Self, SecretError> {
        Ok(Self {
            keys: Keys::new(secret)?,
            tolerance: GREATEST_TOLERANCE,
        })
    }

    /// Accepts a rotated secret too, until `not_after` (Unix seconds, inclusive) if given.
    ///
    /// # Errors
    /// When the secret is empty, surrounded by white space, or has fewer than 16 characters.
    #[inline]
    pub fn with_previous(mut self, secret: &str, not_after: Option<i64>) -> Result<Self, SecretError> {
        self.keys.add_previous(secret, not_after)?;
        Ok(self)
    }

    /// Reduces the allowed distance between the timestamp and `now`.
    ///
    /// # Errors
    /// When the tolerance is not within 30 to 300 seconds (contract §4.1).
    #[inline]
    pub fn with_tolerance(mut self, tolerance: Duration) -> Result<Self, ToleranceError> {
        if !(LEAST_TOLERANCE..=GREATEST_TOLERANCE).contains(&tolerance) {
            return Err(ToleranceError { tolerance });
        }
        self.tolerance = tolerance;
        Ok(self)
    }

    /// Verifies one delivery. `body` is the raw body as received, `now` is in Unix seconds.
    ///
    /// The verifier tries every secret without an early exit, and allocates nothing.
    ///
    /// # Errors
    /// When the timestamp or the signature is malformed, the timestamp is outside the tolerance, or no secret yields the
    /// signature. Answer 401 to each.
    #[inline]
    pub fn verify<'a>(
        &self,
        headers: &Headers<'a>,
        body: &'a [u8],
        now: i64,
    ) -> Result<Verified<'a>, VerifyError> {
        self.check_headers(headers, now)?.verify(body)
    }

    /// Checks what the headers alone decide, before the body is read. `now` is in Unix seconds.
    ///
    /// # Errors
    /// Those of [`verify`](Self::verify), except a mismatch.
    #[inline]
    pub fn check_headers<'h>(
        &self,
        headers: &Headers<'h>,
        now: i64,
    ) -> Result<CheckedHeaders<'_, 'h>, VerifyError> {
        let claim = SignatureClaim::read(headers)?;
        timestamp::check(claim.timestamp, now, self.tolerance)?;
        Ok(CheckedHeaders {
            keys: &self.keys,
            headers: *headers,
            claim,
            now,
        })
    }
}

/// The checked headers of a delivery whose body is not verified yet. From [`Verifier::check_headers`].
#[derive(Clone, Copy)]
pub struct CheckedHeaders<'v, 'h> {
    pub(crate) keys: &'v Keys,
    pub(crate) headers: Headers<'h>,
    pub(crate) claim: SignatureClaim,
    pub(crate) now: i64,
}

impl<'h> CheckedHeaders<'_, 'h> {
    /// Verifies the whole raw body, as received.
    ///
    /// The verifier tries every secret without an early exit, and allocates nothing.
    ///
    /// # Errors
    /// When no secret yields the signature: [`VerifyError::SignatureMismatch`], [`VerifyError::EmptyBody`],
    /// [`VerifyError::BlankBody`].
    #[inline]
    pub fn verify(self, body: &'h [u8]) -> Result<Verified<'h>, VerifyError> {
        Ok(Verified {
            headers: self.headers,
            body,
            timestamp: self.claim.timestamp,
            matched_key: self.matching_key(body)?,
        })
    }

    #[inline]
    pub(crate) fn matching_key(&self, body: &[u8]) -> Result<MatchedKey, VerifyError> {
        self.claim.matching_key(self.keys, &self.headers, body, self.now)
    }
}

/// Shows no signature.
impl fmt::Debug for CheckedHeaders<'_, '_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckedHeaders")
            .field("delivery_id", &self.headers.delivery_id())
            .field("event_type", &self.headers.event())
            .field("timestamp", &self.claim.timestamp)
            .finish_non_exhaustive()
    }
}

/// The timestamp and the signature of the headers: well-formed, not verified.
#[derive(Clone, Copy)]
pub(crate) struct SignatureClaim {
    pub(crate) timestamp: i64,
    pub(crate) signature: Signature,
}

impl SignatureClaim {
    #[inline]
    pub(crate) fn read(headers: &Headers<'_>) -> Result<Self, VerifyError> {
        Ok(Self {
            timestamp: timestamp::parse(headers.timestamp)?,
            signature: Signature::parse(headers.signature).map_err(VerifyError::MalformedSignature)?,
        })
    }

    #[inline]
    pub(crate) fn matching_key(
        &self,
        keys: &Keys,
        headers: &Headers<'_>,
        body: &[u8],
        now: i64,
    ) -> Result<MatchedKey, VerifyError> {
        let mut search = KeySearch::new();
        keys.for_each(now, |candidate, key| {
            search.record(candidate, key.matches(headers.timestamp, body, &self.signature));
        });
        search.matched().ok_or_else(|| VerifyError::mismatch(body))
    }
}

/// A delivery with a valid signature. It is the only way to the body.
#[derive(Clone, Copy)]
pub struct Verified<'a> {
    pub(crate) headers: Headers<'a>,
    pub(crate) body: &'a [u8],
    pub(crate) timestamp: i64,
    pub(crate) matched_key: MatchedKey,
}

impl<'a> Verified<'a> {
    /// The raw body, as signed.
    #[inline]
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The time at which the platform signed this attempt, in Unix seconds.
    #[inline]
    pub fn timestamp(&self) -> i64 {
        self.timestamp
    }

    /// The secret that made the signature. After a rotation, `Previous` means that the sender still uses an old secret.
    #[inline]
    pub fn matched_key(&self) -> MatchedKey {
        self.matched_key
    }

    /// `X-Revento-Delivery-Id`. **Not covered by the signature**: an attacker who replays a captured delivery can change
    /// it, so deduplicate by the envelope's `id` as well (contract §4.1).
    #[inline]
    pub fn unsigned_delivery_id(&self) -> &'a str {
        self.headers.delivery_id()
    }

    /// `X-Revento-Event`. **Not covered by the signature**: the `type` of the body decides (contract §4.1).
    #[inline]
    pub fn unsigned_event_type(&self) -> &'a str {
        self.headers.event()
    }
}

/// Does not show the body, which holds personal data.
impl fmt::Debug for Verified<'_> {
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("delivery_id", &self.headers.delivery_id())
            .field("event_type", &self.headers.event())
            .field("timestamp", &self.timestamp)
            .field("matched_key", &self.matched_key)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        format,
        string::{String, ToString},
    };

    use super::*;
    use crate::{HeaderError, SignatureError, Signer};

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
    fn w1_a_known_answer_verifies() {
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
            check(&verifier, &signed_with("whsec_another_secret"), BODY, NOW),
            Err(VerifyError::SignatureMismatch)
        );
        assert_eq!(
            check(&verifier, &signed_with(SECRET), b"{}", NOW),
            Err(VerifyError::SignatureMismatch)
        );
        let stale = check(&verifier, &signed_with(SECRET), BODY, NOW + 301);
        assert_eq!(
            stale,
            Err(VerifyError::Stale {
                age: Duration::from_secs(301),
            })
        );
    }

    #[test]
    fn w3_an_empty_or_padded_secret_is_refused() {
        for secret in ["", " ", "\n\t"] {
            assert_eq!(Verifier::new(secret).unwrap_err(), SecretError::Empty);
        }
        for secret in ["s\n", " s", "s "] {
            assert_eq!(
                Verifier::new(secret).unwrap_err(),
                SecretError::SurroundingWhitespace
            );
        }
    }

    #[test]
    fn h32_a_secret_under_16_characters_is_refused_with_the_reason() {
        let refused = |result: Result<(), SecretError>| result.err() == Some(SecretError::TooShort);
        for (secret, is_short) in [
            ("hunter2", true),
            ("whsec_\u{2026}", true),
            ("0123456789abcde", true),
            // Characters count, not bytes.
            ("\u{43a}\u{43b}\u{44e}\u{447}-\u{43a}\u{43b}\u{44e}\u{447}", true),
            ("0123456789abcdef", false),
            (
                "\u{43a}\u{43b}\u{44e}\u{447}-\u{43a}\u{43b}\u{44e}\u{447}-\u{43a}\u{43b}\u{44e}\u{447}-\u{1f511}",
                false,
            ),
        ] {
            assert_eq!(refused(Verifier::new(secret).map(drop)), is_short, "{secret}");
            assert_eq!(refused(Signer::new(secret).map(drop)), is_short, "{secret}");
            let rotated = Verifier::new(SECRET).unwrap().with_previous(secret, None);
            assert_eq!(refused(rotated.map(drop)), is_short, "{secret}");
        }
        assert_eq!(
            SecretError::TooShort.to_string(),
            "the webhook signing secret has fewer than 16 characters, so it can be guessed: configure the whole secret that \
             the console shows"
        );
    }

    #[test]
    fn w8_only_the_exact_signature_format_is_read() {
        let good = signed_with(SECRET);
        let digits = &good[7..];
        let verifier = Verifier::new(SECRET).unwrap();
        for (bad, error) in [
            (String::from("sha256="), SignatureError::BadLength),
            (digits.into(), SignatureError::UnknownScheme),
            (format!("sha1={digits}"), SignatureError::UnknownScheme),
            (format!("SHA256={digits}"), SignatureError::UnknownScheme),
            (format!(" {good}"), SignatureError::UnknownScheme),
            (format!("sha256={}", &digits[..8]), SignatureError::BadLength),
            (format!("{good}0"), SignatureError::BadLength),
            (format!("{good}="), SignatureError::BadEncoding),
            (format!("{good},{good}"), SignatureError::BadEncoding),
            (
                format!(
                    "sha256={}",
                    digits.to_uppercase().replace(|c: char| c.is_ascii_digit(), "A")
                ),
                SignatureError::BadEncoding,
            ),
        ] {
            assert_eq!(
                check(&verifier, &bad, BODY, NOW),
                Err(VerifyError::MalformedSignature(error)),
                "{bad}"
            );
        }
    }

    #[test]
    fn h10_a_body_that_is_empty_or_blank_has_a_name_of_its_own() {
        let verifier = Verifier::new(SECRET).unwrap();
        for (body, error) in [
            (&b""[..], VerifyError::EmptyBody),
            (b" \r\n\t", VerifyError::BlankBody),
            (b"null", VerifyError::SignatureMismatch),
        ] {
            assert_eq!(check(&verifier, &signed_with(SECRET), body, NOW), Err(error));
            let signature = Signer::new(SECRET).unwrap().sign(NOW, body);
            assert!(check(&verifier, &signature, body, NOW).is_ok(), "it is signed");
        }
    }

    #[test]
    fn w11_any_secret_may_match_and_the_result_says_which() {
        let verifier = Verifier::new("whsec_current_secret")
            .unwrap()
            .with_previous("whsec_previous_secret", Some(NOW))
            .unwrap()
            .with_previous("whsec_oldest_secret", None)
            .unwrap();
        assert_eq!(
            check(&verifier, &signed_with("whsec_current_secret"), BODY, NOW),
            Ok(MatchedKey::Current)
        );
        assert_eq!(
            check(&verifier, &signed_with("whsec_previous_secret"), BODY, NOW),
            Ok(MatchedKey::Previous(0))
        );
        assert_eq!(
            check(&verifier, &signed_with("whsec_previous_secret"), BODY, NOW + 1),
            Err(VerifyError::SignatureMismatch)
        );
        assert_eq!(
            check(&verifier, &signed_with("whsec_oldest_secret"), BODY, NOW),
            Ok(MatchedKey::Previous(1))
        );
    }

    #[test]
    fn w10_several_signatures_in_one_header_are_refused_wherever_the_valid_one_stands() {
        let (good, bad) = (signed_with(SECRET), signed_with("whsec_another_secret"));
        let verifier = Verifier::new(SECRET).unwrap();
        for separator in [",", ", ", " ", ";"] {
            for all in [[&good, &bad, &bad], [&bad, &good, &bad], [&bad, &bad, &good]] {
                let header = all.map(String::as_str).join(separator);
                assert_eq!(
                    check(&verifier, &header, BODY, NOW),
                    Err(VerifyError::MalformedSignature(SignatureError::BadEncoding))
                );
            }
        }
    }

    #[test]
    fn w16_the_tolerance_can_only_be_tightened() {
        let verifier = Verifier::new(SECRET).unwrap();
        let tolerance = |seconds| verifier.clone().with_tolerance(Duration::from_secs(seconds));
        assert_eq!(
            tolerance(301).unwrap_err().to_string(),
            "the tolerance 301s is not allowed: choose 30 to 300 seconds"
        );
        assert!(tolerance(29).is_err());
        let tight = tolerance(30).unwrap();
        assert!(check(&tight, &signed_with(SECRET), BODY, NOW + 30).is_ok());
        assert_eq!(
            check(&tight, &signed_with(SECRET), BODY, NOW - 31),
            Err(VerifyError::Future {
                ahead: Duration::from_secs(31),
            })
        );
    }

    #[test]
    fn w23_no_output_shows_a_secret_or_a_signature() {
        let verifier = Verifier::new(SECRET)
            .unwrap()
            .with_previous("whsec_older_secret", None)
            .unwrap();
        let error = check(&verifier, &signed_with("whsec_another_secret"), BODY, NOW).unwrap_err();
        let shown = format!(
            "{verifier:?} {error:?} {error} {:?}",
            Signer::new(SECRET).unwrap()
        );
        for planted in [SECRET, "whsec_older_secret", &signed_with(SECRET)[7..]] {
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
