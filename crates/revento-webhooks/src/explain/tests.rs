use std::{format, string::ToString};

use super::*;
use crate::{HeaderError, Signer};

const SECRET: &str = "whsec_c2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXMhISE=";
const NOW: i64 = 1_778_336_551;
const BODY: &[u8] = br#"{"id":"env_1","type":"activity.updated","occurred_at":"2026-05-09T14:22:31Z","event_id":"evt_1","organization_id":"org_1","data":{"title":"A & B \u00e9","url":"https://x/y","n":[1,2,{}],"e":{}}}"#;

fn explain_as(
    signature: &str,
    timestamp: &str,
    body: &[u8],
    change: impl FnOnce(Explainer) -> Explainer,
) -> Explanation {
    let headers = [
        ("X-Revento-Event", &b"activity.updated"[..]),
        ("X-Revento-Delivery-Id", b"d-1"),
        ("X-Revento-Timestamp", timestamp.as_bytes()),
        ("X-Revento-Signature", signature.as_bytes()),
    ];
    change(Explainer::new(SECRET).unwrap()).explain(&headers, body, NOW)
}

fn explain(signed: &[u8], received: &[u8]) -> Explanation {
    let signature = Signer::new(SECRET).unwrap().sign(NOW, signed);
    explain_as(&signature, &NOW.to_string(), received, |explainer| explainer)
}

fn certain(explanation: &Explanation, cause: &Cause) {
    assert_eq!(
        explanation.causes().next(),
        Some((Certainty::Proven, cause)),
        "{explanation}"
    );
    assert!(!explanation.to_string().contains(SECRET));
}

#[test]
fn what_is_genuine_needs_no_cause() {
    let explanation = explain(BODY, BODY);
    assert_eq!(explanation.outcome(), Ok(MatchedKey::Current));
    assert_eq!(explanation.likeliest(), None);
    assert_eq!(explanation.to_string(), "genuine");
}

#[test]
fn an_altered_body_is_recognised() {
    let with = |before: &[u8], after: &[u8]| [before, BODY, after].concat();
    let lines = b"{\n\"a\": 1\n}";
    for (signed, received, cause) in [
        (BODY.to_vec(), with(b"", b"\n"), Cause::NewlineAdded),
        (BODY.to_vec(), with(b"", b"\r\n"), Cause::NewlineAdded),
        (with(b"", b"\n"), BODY.to_vec(), Cause::NewlineLost),
        (BODY.to_vec(), with(b" ", b"  "), Cause::SpaceAdded),
        (BODY.to_vec(), with(b"\xef\xbb\xbf", b""), Cause::BomAdded),
        (with(b"\xef\xbb\xbf", b""), BODY.to_vec(), Cause::BomLost),
        (
            lines.to_vec(),
            b"{\r\n\"a\": 1\r\n}".to_vec(),
            Cause::LineBreaksConverted,
        ),
        (b"{\"a\":1}".to_vec(), b"eyJhIjoxfQ==".to_vec(), Cause::Base64),
        (
            b"{\"a\":\"\\n\"}".to_vec(),
            br#""{\"a\":\"\\n\"}""#.to_vec(),
            Cause::JsonString,
        ),
    ] {
        certain(&explain(&signed, &received), &cause);
    }
}

#[test]
fn w21_a_reserialised_body_fails_and_is_recognised() {
    let compact = r#"{"id":"env_1","type":"t","occurred_at":"x","event_id":null,"organization_id":null,"data":{"u":"https://x/y","é":"<b>","n":1.0,"big":9007199254740993,"l":[],"o":{"k":[1,2]}}}"#;
    let styles = [
        compact.replace('/', "\\/"),
        compact.replace('<', "\\u003c").replace('>', "\\u003e"),
        compact.replace('é', "\\u00e9"),
        compact.replace("\":", "\": ").replace(",\"", ", \"").replace("1,2", "1, 2"),
        compact.replace(r#""id":"env_1","type":"t","#, r#""type":"t","id":"env_1","#),
        "{\n  \"id\": \"env_1\",\n  \"type\": \"t\",\n  \"occurred_at\": \"x\",\n  \"event_id\": null,\n  \"organization_id\": null,\n  \"data\": {\n    \"u\": \"https://x/y\",\n    \"é\": \"<b>\",\n    \"n\": 1.0,\n    \"big\": 9007199254740993,\n    \"l\": [],\n    \"o\": {\n      \"k\": [\n        1,\n        2\n      ]\n    }\n  }\n}".into(),
    ];
    for style in &styles {
        let explanation = explain(compact.as_bytes(), style.as_bytes());
        assert_eq!(explanation.outcome(), Err(VerifyError::Mismatch));
        certain(&explanation, &Cause::Reserialised);
    }
    certain(
        &explain(styles[5].as_bytes(), compact.as_bytes()),
        &Cause::Reserialised,
    );
    // Numbers that a parser has changed cannot be brought back, and the signature still fails.
    for (signed, received) in [("1.0", "1"), ("9007199254740993", "9007199254740992")] {
        let explanation = explain(signed.as_bytes(), received.as_bytes());
        assert_eq!(explanation.likeliest(), Some(&Cause::UnknownSecretOrBody));
    }
}

#[test]
fn what_cannot_be_undone_is_suspected() {
    for (received, cause) in [
        (&b""[..], Cause::EmptyBody),
        (b"\x1f\x8b\x08\x00", Cause::Compressed),
        ("{\"a\":\"\u{fffd}\"}".as_bytes(), Cause::LossyText),
        (BODY.split_at(40).0, Cause::Truncated),
        (b"{}", Cause::UnknownSecretOrBody),
    ] {
        let explanation = explain(b"something else", received);
        assert_eq!(explanation.likeliest(), Some(&cause), "{explanation}");
    }
    let signature = Signer::new(SECRET).unwrap().sign(NOW, BODY);
    let headers = [
        ("x-revento-event", &b"a"[..]),
        ("x-revento-delivery-id", b"d"),
        ("x-revento-timestamp", b"1778336551"),
        ("x-revento-signature", signature.as_bytes()),
        ("content-length", b"1000"),
    ];
    let explanation = Explainer::new(SECRET)
        .unwrap()
        .explain(&headers, BODY.split_at(40).0, NOW);
    certain(&explanation, &Cause::Truncated);
}

#[test]
fn another_secret_is_recognised() {
    let sign = |secret: &str| Signer::new(secret).unwrap().sign(NOW, BODY);
    let time = NOW.to_string();
    let check = |secret: &str, cause: Cause| {
        let explanation = explain_as(&sign(secret), &time, BODY, |explainer| {
            explainer
                .with_previous("whsec_before", Some(NOW - 1))
                .unwrap()
                .with_other("client secret", "the client secret")
        });
        certain(&explanation, &cause);
    };
    check("whsec_before", Cause::ExpiredSecret);
    check("the client secret", Cause::OtherCredential("client secret"));
    check("c2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXMhISE=", Cause::SecretStripped);
    check("secret-of-thirty-two-bytes!!!", Cause::SecretDecoded);
    let quoted = Explainer::new("\"inner\"").unwrap().explain(
        &[
            ("x-revento-event", b"a"),
            ("x-revento-delivery-id", b"d"),
            ("x-revento-timestamp", time.as_bytes()),
            ("x-revento-signature", sign("inner").as_bytes()),
        ],
        BODY,
        NOW,
    );
    certain(&quoted, &Cause::SecretQuoted);
}

#[test]
fn a_wrong_time_is_recognised() {
    let sign = |time: i64| Signer::new(SECRET).unwrap().sign(time, BODY);
    let same = |explainer| explainer;
    let time = NOW.to_string();

    for seconds in [301, -301, 86_400] {
        let then = NOW - seconds;
        let explanation = explain_as(&sign(then), &then.to_string(), BODY, same);
        certain(&explanation, &Cause::OutsideWindow { seconds });
    }
    for offset in [-1, 1, 30, 3600, -112_350] {
        let explanation = explain_as(&sign(NOW + offset), &time, BODY, same);
        certain(&explanation, &Cause::AnotherAttempt { offset });
    }
    for text in [format!("{time}000"), format!("{time}000000")] {
        certain(
            &explain_as(&sign(NOW), &text, BODY, same),
            &Cause::TimestampNotSeconds,
        );
    }
    for text in ["+1778336551", "2026-05-09T14:22:31Z", "NaN", "1778336551.5"] {
        certain(&explain_as(&sign(NOW), text, BODY, same), &Cause::TimestampFormat);
    }
}

#[test]
fn a_malformed_signature_is_recognised() {
    let good = Signer::new(SECRET).unwrap().sign(NOW, BODY);
    let digits = &good[7..];
    let time = NOW.to_string();
    for (signature, cause) in [
        (digits.to_string(), Cause::SignaturePrefix),
        (format!("sha256={}", digits.to_uppercase()), Cause::SignatureCase),
        (format!("sha256={}", &digits[..63]), Cause::SignatureCut),
        (format!("{good},{good}"), Cause::SignatureSeveral),
        (format!("{good};"), Cause::SignatureFormat),
        (
            "sha256=mK3WaAF7+Ld6watqcUisKEEXfGbJH+bYxutCTlmtchU=".to_string(),
            Cause::SignatureBase64,
        ),
    ] {
        certain(
            &explain_as(&signature, &time, BODY, |explainer| explainer),
            &cause,
        );
    }
}

#[test]
fn another_scheme_is_recognised() {
    // The body alone, and without the dot: what other platforms sign.
    let time = NOW.to_string();
    let tag = |signed: &[u8]| {
        use hmac::{Hmac, KeyInit, Mac};
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(signed);
        let mut text = String::from("sha256=");
        crate::hex::encode(&mac.finalize().into_bytes(), &mut text);
        text
    };
    for (signed, scheme) in [
        (BODY.to_vec(), "the body alone"),
        (
            [time.as_bytes(), BODY].concat(),
            "timestamp and body without the dot",
        ),
    ] {
        let explanation = explain_as(&tag(&signed), &time, BODY, |explainer| explainer);
        certain(&explanation, &Cause::OtherScheme(scheme));
    }
}

#[test]
fn header_errors_are_causes() {
    let explanation = Explainer::new(SECRET).unwrap().explain(&[], BODY, NOW);
    assert!(matches!(
        explanation.likeliest(),
        Some(Cause::Headers(HeaderError::Missing(_)))
    ));
}
