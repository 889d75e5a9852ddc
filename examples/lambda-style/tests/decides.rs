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
}

#[test]
fn h10_the_reason_of_a_refusal_is_for_the_log() {
    let verifier = Verifier::new("whsec_lambda_example").unwrap();
    for (body, now, reason) in [
        (BODY, NOW + 301, "the timestamp is 301 s old"),
        ("", NOW, "the signature does not match, and the body is empty"),
        ("{}", NOW, "the signature does not match"),
    ] {
        let response = handle(&verifier, &request(body, false), now);
        assert_eq!((response.status_code, response.body), (401, "not verified"));
        assert_eq!(response.reason.as_deref(), Some(reason));
        let sent = serde_json::to_string(&response).unwrap();
        assert_eq!(sent, r#"{"statusCode":401,"body":"not verified"}"#);
    }
}
