//! What errors say, whom they blame, and what `Debug` shows of each type. Logs and alerts rely on all of it.

use std::error::Error;
use std::time::Duration;

use revento_webhooks::{
    BodyTooLarge, Header, HeaderError, Headers, OfflineVerifier, SecretHint, SignatureError, Signer,
    VerifiedDelivery, Verifier, VerifyError, VerifyErrorKind,
};

const NOW: i64 = 1_778_336_551;
const SECRET: &str = "whsec_example_secret";
const BODY: &[u8] = b"{}";

/// The macro's three methods of an error.
macro_rules! assert_shape {
    ($error:expr, $kind:ident) => {
        let error = $error;
        assert_eq!(error.kind(), VerifyErrorKind::$kind, "{error}");
        assert!(!error.is_transient() && !error.may_have_taken_effect(), "{error}");
    };
}

#[test]
fn each_error_says_who_is_at_fault_and_that_nothing_happened() {
    let missing = Headers::collect::<&str, str, _>([]).unwrap_err();
    assert_shape!(Verifier::new("").unwrap_err(), Configuration);
    let verifier = Verifier::new(SECRET).unwrap();
    assert_shape!(
        verifier.with_tolerance(Duration::ZERO).unwrap_err(),
        Configuration
    );
    assert_shape!(missing, Rejected);
    assert_shape!(SignatureError::BadLength, Rejected);
    assert_shape!(VerifyError::SignatureMismatch, Rejected);
    assert_shape!(BodyTooLarge::check(2, 1).unwrap_err(), Rejected);
    let names = [VerifyErrorKind::Configuration, VerifyErrorKind::Rejected].map(|kind| format!("{kind:>14}"));
    assert_eq!(names, [" configuration", "      rejected"]);
}

#[test]
fn each_error_is_a_sentence_and_the_cause_is_its_source() {
    let missing = Headers::collect([("x-revento-event", "a"), ("X-Revento-Timestamp", "1")]).unwrap_err();
    let duplicate = Headers::collect([("x-revento-event", "a"), ("X-REVENTO-EVENT", "a")]).unwrap_err();
    let seconds = Duration::from_secs(301);
    for (error, sentence, cause) in [
        (
            VerifyError::Headers(missing),
            "the webhook headers are incomplete or malformed",
            "missing or empty: x-revento-delivery-id, x-revento-signature",
        ),
        (
            VerifyError::Headers(duplicate),
            "the webhook headers are incomplete or malformed",
            "x-revento-event came more than once",
        ),
        (
            VerifyError::Headers(HeaderError::NotText(Header::DeliveryId)),
            "the webhook headers are incomplete or malformed",
            "x-revento-delivery-id is not visible ASCII text",
        ),
        (
            VerifyError::MalformedTimestamp,
            "the timestamp is not a number of Unix seconds",
            "",
        ),
        (
            VerifyError::Stale { age: seconds },
            "the timestamp is 301 s old",
            "",
        ),
        (
            VerifyError::Future { ahead: seconds },
            "the timestamp is 301 s in the future",
            "",
        ),
        (
            VerifyError::MalformedSignature(SignatureError::UnknownScheme),
            "the signature is malformed",
            "it does not begin with sha256=",
        ),
        (
            VerifyError::MalformedSignature(SignatureError::BadEncoding),
            "the signature is malformed",
            "not all its characters behind sha256= are lowercase hex digits",
        ),
        (
            VerifyError::MalformedSignature(SignatureError::BadLength),
            "the signature is malformed",
            "it does not have 64 digits",
        ),
        (
            VerifyError::EmptyBody,
            "the signature does not match, and the body is empty",
            "",
        ),
        (
            VerifyError::BlankBody,
            "the signature does not match, and the body is white space alone",
            "",
        ),
        (VerifyError::SignatureMismatch, "the signature does not match", ""),
    ] {
        assert_eq!(error.to_string(), sentence);
        assert_eq!(error.source().map(ToString::to_string).unwrap_or_default(), cause);
    }
    let too_large = BodyTooLarge::check(1025, 1024).unwrap_err();
    assert_eq!(too_large.to_string(), "the body has more than 1024 bytes");
    let verifier = Verifier::new(SECRET).unwrap();
    let tolerance = verifier.with_tolerance(Duration::from_secs(29)).unwrap_err();
    assert_eq!(format!("{tolerance:?}"), tolerance.to_string());
}

#[test]
fn w4_each_hint_names_what_the_secret_looks_like() {
    for (secret, what) in [
        ("rev_user_4f8a", "an access token"),
        ("rev_refresh_4f8a", "a refresh token"),
        ("'whsec_4f8a'", "a quotation mark"),
        ("SECRET=whsec_4f8a", "a whole NAME=value line"),
        ("https://example.org/", "a URL"),
        ("whsec_4f8a whsec", "white space inside"),
    ] {
        let hint = SecretHint::of(secret).unwrap().to_string();
        assert!(hint.contains(what), "{secret}: {hint}");
    }
}

#[test]
fn debug_shows_what_finds_a_delivery_in_a_log_and_no_body() {
    let signature = Signer::new(SECRET).unwrap().sign(NOW, BODY);
    let timestamp = NOW.to_string();
    let headers = Headers::collect([
        ("x-revento-event", "event.published"),
        ("x-revento-delivery-id", "d-1"),
        ("x-revento-timestamp", timestamp.as_str()),
        ("x-revento-signature", signature.as_str()),
    ])
    .unwrap();
    let verifier = Verifier::new(SECRET).unwrap();
    let verified = verifier.verify(&headers, BODY, NOW).unwrap();
    let expected = "Verified { delivery_id: \"d-1\", event_type: \"event.published\", timestamp: 1778336551, \
                    matched_key: Current, body_bytes: 2 }";
    assert_eq!(format!("{verified:?}"), expected);
    assert_eq!(
        format!("{verifier:?} {:?}", Signer::new(SECRET).unwrap()),
        "Verifier { keys: Keys { current: Key(redacted), previous: [] }, tolerance: 300s } Signer(redacted)"
    );
    let delivery = VerifiedDelivery::from(verified);
    assert_eq!(
        (delivery.unsigned_delivery_id(), delivery.unsigned_event_type()),
        ("d-1", "event.published")
    );
    assert_eq!(delivery.clone().into_body(), BODY);
    assert_eq!(format!("{delivery:?}"), expected);
    assert_eq!((verified.timestamp(), delivery.timestamp()), (NOW, NOW));
    assert_eq!(
        format!("{:?}", verifier.check_headers(&headers, NOW).unwrap()),
        "CheckedHeaders { delivery_id: \"d-1\", event_type: \"event.published\", timestamp: 1778336551, .. }"
    );
    let running = verifier
        .verify_stream(&headers, 9, NOW)
        .unwrap()
        .push(b"{")
        .unwrap();
    assert_eq!(
        format!("{running:?}"),
        "StreamingVerifier { delivery_id: \"d-1\", body_bytes: 1, limit: 9, .. }"
    );
    let recorded = OfflineVerifier::new(SECRET)
        .unwrap()
        .verify(&headers, BODY)
        .unwrap();
    assert_eq!((recorded.timestamp(), recorded.body()), (NOW, BODY));
    assert_eq!(
        format!("{recorded:?}"),
        "RecordedDelivery { timestamp: 1778336551, matched_key: Current, body_bytes: 2 }"
    );
}
