//! Bodies that were altered, or look like it.

use super::*;

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
