//! Other secrets than the one that signed.

use super::*;

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
