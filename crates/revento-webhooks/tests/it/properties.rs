//! Properties for every secret, time and body.

use proptest::prelude::*;
#[cfg(feature = "explain")]
use revento_webhooks::Explainer;
use revento_webhooks::{Headers, MatchedKey, OfflineVerifier, Signer, Verifier, VerifyError};

const NOW: i64 = 1_778_336_551;

fn headers<'a>(timestamp: &'a str, signature: &'a str) -> Headers<'a> {
    Headers::collect([
        ("x-revento-event", "application.approved"),
        ("x-revento-delivery-id", "d-1"),
        ("x-revento-timestamp", timestamp),
        ("x-revento-signature", signature),
    ])
    .unwrap()
}

/// Verifies a whole body, a kept body and a body in pieces. All three have to give the same result.
fn verify(
    verifier: &Verifier,
    headers: &Headers<'_>,
    body: &[u8],
    piece: usize,
    now: i64,
) -> Result<MatchedKey, VerifyError> {
    let whole = verifier.verify(headers, body, now);
    let pieces = verifier
        .verify_stream(headers, body.len(), now)
        .and_then(|incoming| {
            body.chunks(piece)
                .fold(incoming, |incoming, chunk| incoming.push(chunk).unwrap())
                .finish()
        });
    assert_eq!(
        whole.map(|verified| (verified.body(), verified.matched_key())),
        pieces
            .as_ref()
            .map(|delivery| (delivery.body(), delivery.matched_key()))
            .map_err(|error| *error)
    );
    #[cfg(feature = "bytes")]
    assert_eq!(
        whole.map(|verified| (verified.body(), verified.matched_key())),
        verifier
            .check_headers(headers, now)
            .and_then(|claimed| claimed.verify_bytes(body.to_vec().into()))
            .as_ref()
            .map(|delivery| (delivery.body(), delivery.matched_key()))
            .map_err(|error| *error)
    );
    whole.map(|verified| verified.matched_key())
}

/// Empty and blank bodies have names of their own.
fn is_mismatch(result: Result<MatchedKey, VerifyError>) -> bool {
    use VerifyError::{BlankBody, EmptyBody, SignatureMismatch};
    matches!(result, Err(SignatureMismatch | EmptyBody | BlankBody))
}

fn secret() -> impl Strategy<Value = String> {
    "[!-~]{16,150}"
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..700)
}

proptest! {
    #[test]
    fn w1_what_is_signed_verifies(secret in secret(), body in body(), time in 0..999_999_999_999_i64, skew in -300..=300_i64, piece in 1..200_usize) {
        let signature = Signer::new(&secret).unwrap().sign(time, &body);
        let timestamp = time.to_string();
        let verifier = Verifier::new(&secret).unwrap();
        prop_assert_eq!(verify(&verifier, &headers(&timestamp, &signature), &body, piece, time + skew), Ok(MatchedKey::Current));
        let offline = OfflineVerifier::new(&secret).unwrap();
        prop_assert!(offline.verify(&headers(&timestamp, &signature), &body).is_ok());
    }

    #[test]
    fn w2_a_flipped_bit_of_the_body_is_refused(secret in secret(), mut body in body(), at: proptest::sample::Index, bit in 0..8, piece in 1..200_usize) {
        prop_assume!(!body.is_empty());
        let signature = Signer::new(&secret).unwrap().sign(NOW, &body);
        let index = at.index(body.len());
        body[index] ^= 1_u8 << bit;
        let verifier = Verifier::new(&secret).unwrap();
        prop_assert!(is_mismatch(verify(&verifier, &headers("1778336551", &signature), &body, piece, NOW)));
    }

    #[test]
    fn w2_a_flipped_bit_of_a_header_is_refused(secret in secret(), body in body(), at in 0..81_usize, bit in 0..8) {
        let signature = Signer::new(&secret).unwrap().sign(NOW, &body);
        let mut text = [b"1778336551", signature.as_bytes()].concat();
        text[at] ^= 1_u8 << bit;
        let (timestamp, signature) = text.split_at(10);
        let verifier = Verifier::new(&secret).unwrap();
        let result = Headers::collect([
            ("x-revento-event", &b"a"[..]),
            ("x-revento-delivery-id", b"d"),
            ("x-revento-timestamp", timestamp),
            ("x-revento-signature", signature),
        ])
        .map_err(VerifyError::from)
        .and_then(|headers| verifier.verify(&headers, &body, NOW));
        prop_assert!(result.is_err());
    }

    #[test]
    fn w2_a_flipped_bit_of_the_secret_is_refused(secret in "[!-~]{16,64}", body in body(), at: proptest::sample::Index, bit in 0..5) {
        let signature = Signer::new(&secret).unwrap().sign(NOW, &body);
        let mut other = secret.clone().into_bytes();
        let index = at.index(other.len());
        other[index] ^= 1_u8 << bit;
        let other = String::from_utf8(other).unwrap();
        prop_assume!(other.trim() == other && !other.is_empty());
        let verifier = Verifier::new(&other).unwrap();
        prop_assert!(is_mismatch(verify(&verifier, &headers("1778336551", &signature), &body, 64, NOW)));
    }

    #[test]
    fn w11_every_position_matches(previous in proptest::collection::vec("[a-z]{20}", 1..6), at: proptest::sample::Index, body in body()) {
        let index = at.index(previous.len());
        let signature = Signer::new(&previous[index]).unwrap().sign(NOW, &body);
        let verifier = previous.iter().fold(Verifier::new("WHSEC_CURRENT_SECRET").unwrap(), |verifier, secret| {
            verifier.with_previous(secret, Some(NOW)).unwrap()
        });
        prop_assert_eq!(verify(&verifier, &headers("1778336551", &signature), &body, 100, NOW), Ok(MatchedKey::Previous(index)));
        let late = Verifier::new("WHSEC_CURRENT_SECRET").unwrap().with_previous(&previous[index], Some(NOW - 1)).unwrap();
        prop_assert!(is_mismatch(verify(&late, &headers("1778336551", &signature), &body, 100, NOW)));
    }

    #[test]
    fn w15_no_pair_of_times_overflows(time in 0..=999_999_999_999_u64, now: i64) {
        let timestamp = time.to_string();
        let signature = Signer::new("whsec_example_secret").unwrap().sign_text(&timestamp, b"{}");
        let fresh = now.abs_diff(time as i64) <= 300;
        let result = Verifier::new("whsec_example_secret").unwrap().verify(&headers(&timestamp, &signature), b"{}", now).map(|_| ());
        prop_assert_eq!(result.is_ok(), fresh);
    }

    #[test]
    fn w27_arbitrary_headers_and_bodies_never_panic(
        names in proptest::collection::vec(prop_oneof![Just("x-revento-event".to_owned()), Just("X-Revento-Delivery-Id".to_owned()), Just("x-revento-timestamp".to_owned()), Just("x-revento-signature".to_owned()), ".*"], 0..7),
        values in proptest::collection::vec(prop_oneof![proptest::collection::vec(any::<u8>(), 0..90), "sha256=[0-9a-f]{64}".prop_map(String::into_bytes), "[0-9]{0,14}".prop_map(String::into_bytes)], 7),
        body in body(),
        now: i64,
    ) {
        let pairs: Vec<(&str, &[u8])> = names.iter().map(String::as_str).zip(values.iter().map(Vec::as_slice)).collect();
        let verifier = Verifier::new("whsec_example_secret").unwrap();
        let result = Headers::collect(pairs.iter().map(|(name, value)| (*name, *value))).map_err(VerifyError::from).and_then(|headers| {
            verifier.verify(&headers, &body, now).map(|_| ())
        });
        prop_assert!(result.is_err());
        #[cfg(feature = "explain")]
        let explanation = Explainer::new("whsec_example_secret").unwrap().explain(&pairs, &body, now);
        #[cfg(feature = "explain")]
        prop_assert!(explanation.likeliest().is_some() && !explanation.to_string().is_empty());
    }
}

#[test]
fn d7_a_body_beyond_the_limit_is_refused_while_it_arrives() {
    let signature = Signer::new("whsec_example_secret").unwrap().sign(NOW, b"12345");
    let verifier = Verifier::new("whsec_example_secret").unwrap();
    let incoming = |limit| {
        verifier
            .verify_stream(&headers("1778336551", &signature), limit, NOW)
            .unwrap()
    };
    assert!(
        incoming(5)
            .push(b"123")
            .unwrap()
            .push(b"45")
            .unwrap()
            .finish()
            .is_ok()
    );
    assert!(incoming(4).push(b"123").unwrap().push(b"45").is_err());
    assert!(incoming(4).content_length(5).is_err());
    assert!(incoming(4).content_length(u64::MAX).is_err());
    assert_eq!(
        incoming(4).push(b"12345").unwrap_err().to_string(),
        "the body has more than 4 bytes"
    );
}
