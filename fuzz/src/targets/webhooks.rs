//! The verifier, its explanations, and the data of webhooks.

use revento_core::{Envelope, kind};
use revento_webhooks::{
    BodyTooLarge, Explainer, Headers, OfflineVerifier, SecretHint, Signer, Verified, Verifier, VerifyError,
};

const NOW: i64 = 1_778_336_551;
const SECRET: &str = "whsec_fuzz_secret";

/// Lines of `name: value`.
fn pairs(data: &[u8]) -> Vec<(&str, &[u8])> {
    data.split(|byte| *byte == b'\n')
        .filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let (name, value) = line.split_at(colon);
            let value = value.get(1..)?;
            let name = std::str::from_utf8(name).ok()?;
            Some((name, value.strip_prefix(b" ").unwrap_or(value)))
        })
        .collect()
}

/// Headers, an empty line, the body.
fn request(data: &[u8]) -> (Vec<(&str, &[u8])>, &[u8]) {
    let end = data.windows(2).position(|window| window == b"\n\n");
    let (head, body) = data.split_at(end.unwrap_or(data.len()));
    (pairs(head), body.get(2..).unwrap_or_default())
}

/// Collected headers occur exactly once, and reading them again gives the same result.
pub(super) fn headers(data: &[u8]) {
    let pairs = pairs(data);
    let collected = Headers::collect(pairs.iter().map(|(name, value)| (*name, *value)));
    match collected {
        Ok(_) => {
            let ours = pairs.iter().filter(|(name, _)| is_ours(name)).count();
            assert_eq!(ours, 4, "each header exactly once");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let hint = SecretHint::of(text);
        assert!(hint.is_none_or(|hint| !hint.to_string().contains(SECRET)));
    }
}

fn is_ours(name: &str) -> bool {
    ["event", "delivery-id", "timestamp", "signature"]
        .iter()
        .any(|end| name.eq_ignore_ascii_case(&format!("x-revento-{end}")))
}

/// Verifying a whole body and its pieces gives the same result, and a newly signed body verifies.
pub(super) fn verifier(data: &[u8]) {
    let (pairs, body) = request(data);
    let verifier = Verifier::new(SECRET)
        .and_then(|verifier| verifier.with_previous("whsec_before_rotation", Some(NOW)))
        .expect("secrets");
    let collected = Headers::collect(pairs.iter().map(|(name, value)| (*name, *value)));
    if let Ok(headers) = collected {
        let whole = verifier.verify(&headers, body, NOW);
        for size in [1, 7, 64, 65] {
            let pieces = in_pieces(&verifier, &headers, body, size);
            assert_eq!(
                whole.map(|verified| verified.matched_key()),
                pieces,
                "size {size}"
            );
        }
        let offline = OfflineVerifier::new(SECRET).expect("a secret");
        if offline.verify(&headers, body).is_err() {
            assert!(whole.is_err() || whole.is_ok_and(|verified| is_previous(&verified)));
        }
    }
    sign_and_verify(&verifier, body);
}

fn is_previous(verified: &Verified<'_>) -> bool {
    verified.matched_key() != revento_webhooks::MatchedKey::Current
}

fn in_pieces(
    verifier: &Verifier,
    headers: &Headers<'_>,
    body: &[u8],
    size: usize,
) -> Result<revento_webhooks::MatchedKey, VerifyError> {
    let incoming = verifier.verify_stream(headers, body.len(), NOW)?;
    let pushed = body
        .chunks(size)
        .try_fold(incoming, |incoming, chunk| incoming.push(chunk))
        .map_err(|error: BodyTooLarge| error.to_string())
        .expect("within the limit");
    let delivery = pushed.finish()?;
    assert_eq!(delivery.body(), body);
    Ok(delivery.matched_key())
}

fn sign_and_verify(verifier: &Verifier, body: &[u8]) {
    let signature = Signer::new(SECRET).expect("a secret").sign(NOW, body);
    let timestamp = NOW.to_string();
    let headers = Headers::collect([
        ("x-revento-event", "a"),
        ("x-revento-delivery-id", "d"),
        ("x-revento-timestamp", &timestamp),
        ("x-revento-signature", &signature),
    ])
    .expect("headers");
    let verified = verifier.verify(&headers, body, NOW).expect("what was signed");
    assert_eq!(verified.body(), body);
}

/// A parsed envelope survives a round trip, and the error of a known type names its path.
pub(super) fn events(data: &[u8]) {
    match Envelope::parse(data) {
        Ok(envelope) => {
            let written = serde_json::to_vec(&envelope).expect("an envelope can be written");
            let again = Envelope::parse(&written).expect("what was written can be read");
            assert_eq!(again.data_json(), envelope.data_json());
            // A field of the envelope that came twice is written once.
            assert!(again.extra().iter().count() <= envelope.extra().iter().count());
            assert_eq!(again.event_type, envelope.event_type);
            let payload = envelope.payload();
            assert_eq!(payload.is_ok(), envelope.read::<kind::AnyEvent>().is_ok());
            if let Err(error) = payload {
                assert!(error.path().starts_with("data"), "{error}");
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Every refusal has an explanation, and no explanation contains a secret.
pub(super) fn explain(data: &[u8]) {
    let (pairs, body) = request(data);
    let explanation = Explainer::new(SECRET)
        .and_then(|explainer| explainer.with_previous("whsec_before_rotation", Some(NOW - 1)))
        .expect("secrets")
        .with_other_credential("client secret", "planted_credential")
        .explain(&pairs, body.get(..body.len().min(4096)).unwrap_or_default(), NOW);
    assert_eq!(explanation.outcome().is_err(), explanation.likeliest().is_some());
    let text = explanation.to_string();
    for secret in [SECRET, "whsec_before_rotation", "planted_credential"] {
        assert!(!text.contains(secret), "{text}");
    }
}
