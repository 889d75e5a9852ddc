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
fn a_verified_delivery_needs_no_cause() {
    let explanation = explain(BODY, BODY);
    assert_eq!(explanation.outcome(), Ok(MatchedKey::Current));
    assert_eq!(explanation.likeliest(), None);
    assert_eq!(explanation.to_string(), "verified");
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
        (
            b"{\r\n\"a\": 1\r\n}".to_vec(),
            lines.to_vec(),
            Cause::LineBreaksConverted,
        ),
        (b"{\"a\":1}".to_vec(), b"eyJhIjoxfQ==".to_vec(), Cause::Base64),
        (BODY.to_vec(), hexadecimal(BODY).into_bytes(), Cause::Hex),
        (
            BODY.to_vec(),
            format!("\\x{}", hexadecimal(BODY)).into_bytes(),
            Cause::Hex,
        ),
        (with(b" ", b" "), BODY.to_vec(), Cause::SpaceLost),
        (with(b"", b" "), BODY.to_vec(), Cause::SpaceLost),
        (
            b"{\"a\":\"1+1 %\"}".to_vec(),
            b"payload=%7B%22a%22%3A%221%2B1+%25%22%7D".to_vec(),
            Cause::FormEncoded,
        ),
        (
            b"{\"a\":1}".to_vec(),
            b"%7b%22a%22:1%7d".to_vec(),
            Cause::FormEncoded,
        ),
        (b"{\"a\":1}".to_vec(), b"{\"a\":1}=".to_vec(), Cause::FormEncoded),
        (
            b"{\"a\":\"\\n\"}".to_vec(),
            br#"{"isBase64Encoded":false,"body":"{\"a\":\"\\n\"}"}"#.to_vec(),
            Cause::JsonString,
        ),
        (
            b"{\"a\":1}".to_vec(),
            br#"{"isBase64Encoded":true,"body":"eyJhIjoxfQ=="}"#.to_vec(),
            Cause::JsonString,
        ),
        (
            b"{\"a\":\"\\n\"}".to_vec(),
            br#""{\"a\":\"\\n\"}""#.to_vec(),
            Cause::JsonString,
        ),
    ] {
        certain(&explain(&signed, &received), &cause);
    }
}

/// What our own signer refuses to make.
fn tag(secret: &[u8], signed: &[u8]) -> String {
    use hmac::{Hmac, KeyInit, Mac};
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret).unwrap();
    mac.update(signed);
    format!("sha256={}", hexadecimal(&mac.finalize().into_bytes()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Decoding as text and encoding it again loses nothing where each byte became a character.
#[test]
fn w18_a_body_in_another_character_set_is_recognised() {
    let signed = "{\"name\":\"Zoë – 10 €\"}";
    let latin = "{\"name\":\"Zoë\"}";
    let latin_bytes: Vec<u8> = latin
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let read_as_latin: String = signed.bytes().map(char::from).collect();
    let utf16 = |unit: fn(u16) -> [u8; 2]| signed.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    for (signed, received) in [
        (signed.as_bytes(), read_as_latin.as_bytes()),
        (signed.as_bytes(), "{\"name\":\"ZoÃ« â€“ 10 â‚¬\"}".as_bytes()),
        (latin.as_bytes(), &latin_bytes),
        (&latin_bytes, latin.as_bytes()),
        (signed.as_bytes(), &utf16(u16::to_le_bytes)),
        (signed.as_bytes(), &utf16(u16::to_be_bytes)),
        (
            signed.as_bytes(),
            &[&b"\xff\xfe"[..], &utf16(u16::to_le_bytes)].concat(),
        ),
    ] {
        certain(&explain(signed, received), &Cause::OtherCharset);
    }
}

/// While secrets are rotated, the sender may use either.
#[test]
fn w11_an_altered_body_is_recognised_under_a_previous_secret_too() {
    let signature = Signer::new("whsec_before_rotation").unwrap().sign(NOW, BODY);
    let altered = [BODY, b"\n"].concat();
    let with_previous =
        |explainer: Explainer| explainer.with_previous("whsec_before_rotation", None).unwrap();
    let explanation = explain_as(&signature, &NOW.to_string(), &altered, with_previous);
    certain(&explanation, &Cause::NewlineAdded);
    let later = (NOW + 30).to_string();
    let explanation = explain_as(&signature, &later, BODY, with_previous);
    certain(&explanation, &Cause::AnotherAttempt { offset: -30 });
}

#[test]
fn w21_a_reserialised_body_fails_and_is_recognised() {
    let compact = r#"{"id":"env_1","type":"t","occurred_at":"x","event_id":null,"organization_id":null,"data":{"u":"https://x/y","é":"<b>","n":1.0,"big":9007199254740993,"l":[],"o":{"k":[1,2]}}}"#;
    let styles = [
        compact.replace('/', "\\/"),
        compact.replace('<', "\\u003c").replace('>', "\\u003e"),
        compact.replace('é', "\\u00e9"),
        compact.replace("\":", "\": ").replace(",\"", ", \"").replace("1,2", "1, 2"),
        compact
            .replace('é', "\\u00E9")
            .replace('<', "\\u003C")
            .replace('>', "\\u003E"),
        compact.replace(r#""id":"env_1","type":"t","#, r#""type":"t","id":"env_1","#),
        "{\n  \"id\": \"env_1\",\n  \"type\": \"t\",\n  \"occurred_at\": \"x\",\n  \"event_id\": null,\n  \"organization_id\": null,\n  \"data\": {\n    \"u\": \"https://x/y\",\n    \"é\": \"<b>\",\n    \"n\": 1.0,\n    \"big\": 9007199254740993,\n    \"l\": [],\n    \"o\": {\n      \"k\": [\n        1,\n        2\n      ]\n    }\n  }\n}".into(),
    ];
    for style in &styles {
        let explanation = explain(compact.as_bytes(), style.as_bytes());
        assert_eq!(explanation.outcome(), Err(VerifyError::SignatureMismatch));
        certain(&explanation, &Cause::Reserialised);
    }
    certain(
        &explain(styles[6].as_bytes(), compact.as_bytes()),
        &Cause::Reserialised,
    );
    // Escapes that only some serialisers write, each way.
    for (plain, escaped) in [
        ("[\"a\u{2028}&\"]", r#"["a\u2028\u0026"]"#),
        ("[\"it's \\\"+1\\\"\"]", r#"["it\u0027s \u0022\u002B1\u0022"]"#),
    ] {
        certain(
            &explain(plain.as_bytes(), escaped.as_bytes()),
            &Cause::Reserialised,
        );
        certain(
            &explain(escaped.as_bytes(), plain.as_bytes()),
            &Cause::Reserialised,
        );
    }
    // What sorts its keys has moved those within the data as well: that cannot be undone, but seen.
    let sorted = r#"{"data":{"a":1,"b":2},"event_id":null,"id":"e","type":"t"}"#;
    let explanation = explain(
        br#"{"id":"e","type":"t","event_id":null,"data":{"b":2,"a":1}}"#,
        sorted.as_bytes(),
    );
    assert_eq!(
        explanation.causes().next(),
        Some((Certainty::Likely, &Cause::Reserialised))
    );
    // Numbers that a parser has changed cannot be brought back, and the signature still fails.
    for (signed, received) in [("1.0", "1"), ("9007199254740993", "9007199254740992")] {
        let explanation = explain(signed.as_bytes(), received.as_bytes());
        assert_eq!(explanation.likeliest(), Some(&Cause::UnknownSecretOrBody));
    }
}

/// Whoever explains what strangers send must not be kept busy by them: indentation once made 1 MiB of brackets take 20 s.
#[test]
fn w27_hostile_nesting_costs_no_more_than_its_length() {
    for part in [&b"["[..], b"{ ", b"[[1,", b"{\"a\":["] {
        let body: Vec<u8> = part.iter().copied().cycle().take(20_000).collect();
        let longest = json::rewritings(&body).map(|text| text.len()).max();
        assert!(
            longest.is_none_or(|length| length < 8 * body.len()),
            "{longest:?}"
        );
    }
}

#[test]
fn what_cannot_be_undone_is_suspected() {
    for (received, cause) in [
        (&b""[..], Cause::EmptyBody),
        (b" \r\n", Cause::BlankBody),
        (b"\x1f\x8b\x08\x00", Cause::Compressed),
        (b"\x78\x9c\xab\x56", Cause::Compressed),
        (b"\x28\xb5\x2f\xfd\x00", Cause::Compressed),
        (b"\x78\x9d\xab\x56", Cause::UnknownSecretOrBody),
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
    let explainer = Explainer::new(SECRET).unwrap();
    let explanation = explainer.explain(&headers, BODY.split_at(40).0, NOW);
    certain(&explanation, &Cause::Truncated);
    // Shorter than announced and whole all the same: something wrote it again.
    let explanation = explainer.explain(&headers, b"{\"n\":1}", NOW);
    assert_eq!(
        explanation.causes().next(),
        Some((Certainty::Likely, &Cause::Reserialised))
    );
}

#[test]
fn another_secret_is_recognised() {
    let sign = |secret: &str| Signer::new(secret).unwrap().sign(NOW, BODY);
    let time = NOW.to_string();
    let check = |secret: &str, cause: Cause| {
        let explanation = explain_as(&sign(secret), &time, BODY, |explainer| {
            explainer
                .with_previous("whsec_before_rotation", Some(NOW - 1))
                .unwrap()
                .with_other_credential("client secret", "the client secret")
        });
        certain(&explanation, &cause);
    };
    check("whsec_before_rotation", Cause::ExpiredSecret);
    check("the client secret", Cause::OtherCredential("client secret"));
    check("c2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXMhISE=", Cause::SecretStripped);
    check("secret-of-thirty-two-bytes!!!", Cause::SecretDecoded);
    for end in ["\n", "\r\n", " "] {
        let secret = format!("{SECRET}{end}");
        let signature = tag(secret.as_bytes(), &[time.as_bytes(), b".", BODY].concat());
        let explanation = explain_as(&signature, &time, BODY, |explainer| explainer);
        certain(&explanation, &Cause::SecretWithNewline);
    }
}

/// What stands in a configuration is not always the secret alone.
#[test]
fn w3_w4_a_secret_that_was_configured_wrongly_is_recognised() {
    let time = NOW.to_string();
    for (configured, secret, cause) in [
        (
            "\"whsec_inner_secret\"",
            "whsec_inner_secret",
            Cause::SecretQuoted,
        ),
        ("'whsec_inner_secret '", "whsec_inner_secret", Cause::SecretQuoted),
        ("whsec_inner_secret\\n", "whsec_inner_secret", Cause::SecretQuoted),
        (
            "inner_of_the_secret",
            "whsec_inner_of_the_secret",
            Cause::SecretPrefixLost,
        ),
        (
            "REVENTO_SECRET=whsec_inner_secret",
            "whsec_inner_secret",
            Cause::SecretAssignment,
        ),
        (
            "export S='whsec_inner=secret'",
            "whsec_inner=secret",
            Cause::SecretAssignment,
        ),
        (
            "d2hzZWNfaW5uZXJfc2VjcmV0",
            "whsec_inner_secret",
            Cause::SecretEncoded,
        ),
        (
            "d2hzZWNfaW5uZXJfc2VjcmV0Cg==",
            "whsec_inner_secret",
            Cause::SecretEncoded,
        ),
        ("whsec_inner%2Bsecret", "whsec_inner+secret", Cause::SecretEncoded),
        // All after the first mark, or all after the last one.
        (
            "whsec_inner_of_the_secret",
            "inner_of_the_secret",
            Cause::SecretStripped,
        ),
        (
            "whsec_inner_of-the-whole-secret",
            "of-the-whole-secret",
            Cause::SecretStripped,
        ),
    ] {
        let signature = Signer::new(secret).unwrap().sign(NOW, BODY);
        let headers: [(&str, &[u8]); 4] = [
            ("x-revento-event", b"a"),
            ("x-revento-delivery-id", b"d"),
            ("x-revento-timestamp", time.as_bytes()),
            ("x-revento-signature", signature.as_bytes()),
        ];
        let explanation = Explainer::new(configured).unwrap().explain(&headers, BODY, NOW);
        certain(&explanation, &cause);
        assert!(!explanation.to_string().contains(secret));
        // The same text proves nothing if the signature has nothing to do with it.
        let signature = Signer::new("whsec_of_somebody_else").unwrap().sign(NOW, BODY);
        let headers = headers.map(|(name, value)| match name {
            "x-revento-signature" => (name, signature.as_bytes()),
            _ => (name, value),
        });
        let explanation = Explainer::new(configured).unwrap().explain(&headers, BODY, NOW);
        assert!(
            explanation.causes().all(|(_, found)| *found != cause),
            "{configured}: {explanation}"
        );
    }
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
    for unit in [1_000, 1_000_000] {
        let headers = [
            ("x-revento-event", &b"a"[..]),
            ("x-revento-delivery-id", b"d"),
            ("x-revento-timestamp", time.as_bytes()),
            ("x-revento-signature", sign(NOW).as_bytes()),
        ]
        .map(|(name, value)| (name, value.to_vec()));
        let headers = headers.each_ref().map(|(name, value)| (*name, &**value));
        let explainer = Explainer::new(SECRET).unwrap();
        certain(
            &explainer.explain(&headers, BODY, NOW * unit),
            &Cause::NowNotSeconds,
        );
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

/// Another unit is suspected only if the time in seconds is less than a year away.
#[test]
fn a_time_in_another_unit_is_near_in_seconds() {
    const YEAR: i64 = 365 * 86_400;
    let sign = |time: i64| Signer::new(SECRET).unwrap().sign(time, BODY);
    let same = |explainer| explainer;
    for (away, cause) in [
        (YEAR - 1, Cause::TimestampNotSeconds),
        (1 - YEAR, Cause::TimestampNotSeconds),
        (YEAR, Cause::TimestampFormat),
        (-YEAR, Cause::TimestampFormat),
    ] {
        for zeros in ["000", "000000", "000000000"] {
            let text = format!("{}{zeros}", NOW + away);
            certain(&explain_as(&sign(NOW), &text, BODY, same), &cause);
        }
    }
    let explainer = Explainer::new(SECRET).unwrap();
    for (away, is_another_unit) in [(YEAR - 1, true), (1 - YEAR, true), (YEAR, false), (-YEAR, false)] {
        let (time, signature) = ((NOW + away).to_string(), sign(NOW + away));
        let headers: [(&str, &[u8]); 4] = [
            ("x-revento-event", b"a"),
            ("x-revento-delivery-id", b"d"),
            ("x-revento-timestamp", time.as_bytes()),
            ("x-revento-signature", signature.as_bytes()),
        ];
        for unit in [1_000, 1_000_000, 1_000_000_000] {
            let now = NOW * unit;
            let explanation = explainer.explain(&headers, BODY, now);
            let seconds = now - NOW - away;
            let expected = if is_another_unit {
                Cause::NowNotSeconds
            } else {
                Cause::OutsideWindow { seconds }
            };
            certain(&explanation, &expected);
        }
    }
}

#[test]
fn a_malformed_signature_is_recognised() {
    let good = Signer::new(SECRET).unwrap().sign(NOW, BODY);
    let digits = &good[7..];
    let time = NOW.to_string();
    for (signature, cause) in [
        (digits.to_string(), Cause::SignaturePrefix),
        (format!("SHA256={digits}"), Cause::SignaturePrefix),
        (format!("v1={digits}"), Cause::SignaturePrefix),
        (format!("sha256={}", digits.to_uppercase()), Cause::SignatureCase),
        (format!("sha256={}", &digits[..63]), Cause::SignatureCut),
        (format!("{good},{good}"), Cause::SignatureSeveral),
        (format!("{good};"), Cause::SignatureFormat),
        (format!("{good}="), Cause::SignatureFormat),
        (format!("{good},v1"), Cause::SignatureFormat),
        (format!("{good}0"), Cause::SignatureFormat),
        (format!("v1={}", &digits[..63]), Cause::SignatureFormat),
        (format!("sha256={}", "g".repeat(64)), Cause::SignatureFormat),
        (format!("sha256={}", "g".repeat(63)), Cause::SignatureFormat),
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
    for (signed, scheme) in [
        (BODY.to_vec(), "the body alone"),
        (
            [time.as_bytes(), BODY].concat(),
            "timestamp and body without the dot",
        ),
    ] {
        let explanation = explain_as(&tag(SECRET.as_bytes(), &signed), &time, BODY, |explainer| {
            explainer
        });
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
    let names = [("HTTP_X_REVENTO_EVENT", &b"a"[..]), ("HTTP_HOST", b"h")];
    let explanation = Explainer::new(SECRET).unwrap().explain(&names, BODY, NOW);
    certain(&explanation, &Cause::HeaderNames);
    for other in ["HTTP_HOST", "x-revento-event"] {
        let explanation = Explainer::new(SECRET)
            .unwrap()
            .explain(&[(other, b"a")], BODY, NOW);
        assert!(
            matches!(explanation.likeliest(), Some(Cause::Headers(_))),
            "{explanation}"
        );
    }
}

#[test]
fn headers_about_the_body_help_to_suspect() {
    let signature = Signer::new(SECRET).unwrap().sign(NOW, BODY);
    let explainer = Explainer::new(SECRET).unwrap();
    for (name, value, body, cause) in [
        ("content-encoding", "gzip", "not JSON", Cause::Compressed),
        (
            "content-encoding",
            "Identity",
            "not JSON",
            Cause::UnknownSecretOrBody,
        ),
        (
            "content-encoding",
            "gzip",
            r#"{"n":1}"#,
            Cause::UnknownSecretOrBody,
        ),
        ("content-length", "4", "abc", Cause::Truncated),
        ("content-length", "3", "abc", Cause::UnknownSecretOrBody),
        ("content-length", "2", "abc", Cause::UnknownSecretOrBody),
        ("content-length", "7", r#"{"n":1}"#, Cause::UnknownSecretOrBody),
        ("content-length", "6", r#"{"n":1}"#, Cause::Reserialised),
        ("content-length", "8", r#"{"n":1}"#, Cause::Reserialised),
        ("accept", "*/*", "(plain)", Cause::UnknownSecretOrBody),
    ] {
        let headers = [
            ("x-revento-event", &b"a"[..]),
            ("x-revento-delivery-id", b"d"),
            ("x-revento-timestamp", b"1778336551"),
            ("x-revento-signature", signature.as_bytes()),
            (name, value.as_bytes()),
        ];
        let explanation = explainer.explain(&headers, body.as_bytes(), NOW);
        assert_eq!(
            explanation.likeliest(),
            Some(&cause),
            "{name}: {value}, {body}: {explanation}"
        );
    }
}

#[test]
fn an_explanation_has_a_line_for_the_outcome_and_one_for_each_cause() {
    let time = NOW.to_string();
    let same = |explainer| explainer;
    let cut = explain_as("sha256=00", &time, BODY, same);
    let cause = Cause::SignatureCut;
    assert!(!cause.hint().is_empty());
    assert_eq!(
        cut.to_string(),
        format!(
            "refused: the signature is malformed: it does not have 64 digits\n- certain: {cause}. {}",
            cause.hint()
        )
    );
    let missing = Explainer::new(SECRET)
        .unwrap()
        .explain(&[], BODY, NOW)
        .to_string();
    assert!(
        missing.starts_with("refused: missing or empty: x-revento-event, "),
        "{missing}"
    );
    let mismatch = explain(b"something else", b"{}").to_string();
    assert!(
        mismatch.starts_with("refused: the signature does not match\n- "),
        "{mismatch}"
    );
    let signature = Signer::new("whsec_before_rotation").unwrap().sign(NOW, BODY);
    let previous = explain_as(&signature, &time, BODY, |explainer| {
        let explainer = explainer.with_previous("whsec_before_rotation", None).unwrap();
        let explainer = explainer.with_other_credential("client secret", "planted credential");
        assert_eq!(
            format!("{explainer:?}"),
            "Explainer { previous: 1, others: [\"client secret\"], .. }"
        );
        explainer
    });
    assert_eq!(previous.to_string(), "verified, signed with a previous secret");
}
