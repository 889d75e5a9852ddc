//! Signatures that are malformed or cover something else.

use super::*;

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
