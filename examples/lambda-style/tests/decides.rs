//! Whole requests in the form of a gateway's event.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly, helpers of tests too")]

use base64::{Engine, engine::general_purpose::STANDARD};
use revento_example_lambda_style::{Request, handle};
use revento_webhooks::{Signer, Verifier};
use serde_json::json;

const NOW: i64 = 1_778_336_551;
const BODY: &str = r#"{"id":"env_1","type":"event.published","occurred_at":"2026-05-09T14:22:31Z","event_id":"evt_1","organization_id":"org_1","data":{}}"#;

fn request(body: &str, base64: bool) -> Request {
    let signature = Signer::new("whsec_lambda_example")
        .unwrap()
        .sign(NOW, BODY.as_bytes());
    serde_json::from_value(json!({
        "headers": {
            "X-Revento-Event": "event.published",
            "x-revento-delivery-id": "d-1",
            "x-revento-timestamp": NOW.to_string(),
            "x-revento-signature": signature,
        },
        "body": body,
        "isBase64Encoded": base64,
    }))
    .unwrap()
}

#[test]
fn d6_a_body_as_text_or_base64_is_decided_on() {
    let verifier = Verifier::new("whsec_lambda_example").unwrap();
    for (body, base64, status) in [
        (BODY, false, 200),
        (&STANDARD.encode(BODY), true, 200),
        (&STANDARD.encode(BODY), false, 401),
        (BODY, true, 400),
        ("", false, 401),
    ] {
        let response = handle(&verifier, &request(body, base64), NOW);
        assert_eq!(response.status_code, status, "{response:?}");
    }
    let late = handle(&verifier, &request(BODY, false), NOW + 301);
    assert_eq!(late.body, "the timestamp is 301 s old");
}
