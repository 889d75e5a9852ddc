mod body;
mod secret;
mod signature;
mod time;

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

#[test]
fn a_verified_delivery_needs_no_cause() {
    let explanation = explain(BODY, BODY);
    assert_eq!(explanation.outcome(), Ok(MatchedKey::Current));
    assert_eq!(explanation.likeliest(), None);
    assert_eq!(explanation.to_string(), "verified");
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
