//! The signature of webhooks (contract §4.1).

pub(super) mod answers;
pub(super) mod bodies;
pub(super) mod framing;
pub(super) mod headers;
pub(super) mod rotation;
pub(super) mod values;

use super::answers::{accepted, all_refused, any_event, working_receiver};
use crate::check::{Check, check};
use crate::exam::{Exam, Problem};
use crate::integration::Outgoing;
use crate::primitives::hmac_hex;

pub(super) const CHECKS: &[Check] = &[
    check!(Signature Required "§4.1" "signature-good" [WebhookUrl]
        "A correctly signed webhook is acknowledged with a 2xx"
        why: "The platform retries what is not acknowledged, and then buries it"
        mend: "Compute HMAC-SHA256 with the webhook secret over the timestamp header, a dot and the raw bytes of the body, and compare it with the hex after `sha256=`"
        hint Express: "Use `express.raw({ type: () => true, limit: '1mb' })` on this route, before any `express.json()`"
        hint Node: "In Fastify, register a content type parser with `parseAs: 'buffer'`, and verify that buffer"
        hint Flask: "Use `request.get_data()`, not `request.json`"
        hint FastApi: "Use `await request.body()`, not a model as argument"
        hint Django: "Use `request.body`, and exempt the view from CSRF protection with `@csrf_exempt`"
        hint Go: "Read the body once with `io.ReadAll`, verify these bytes, and unmarshal them afterwards"
        hint Java: "Read the input stream with `readAllBytes()`, and verify these bytes"
        hint Php: "Use `file_get_contents('php://input')`; in Laravel, except the route from CSRF protection (it answers 419 otherwise)"
        hint Ruby: "Use `request.body.read`; in Rails, `skip_before_action :verify_authenticity_token` and `request.raw_post`"
        hint Rust: "Take `Bytes` as the last argument of the handler, not `Json`"
        run: good),
    check!(Signature Required "§4.1" "signature-wrong-secret" [WebhookUrl]
        "A webhook that is signed with another secret is refused"
        why: "Everybody who knows the URL could send webhooks. A secret that is not set signs too: as an empty text, or as `undefined`"
        mend: "Refuse with 401 before you read anything of the body, when the signature does not match. Do not start without a secret, and try the previous secret only if there is one"
        run: wrong_secret),
    check!(Signature Required "§4.1" "signature-other-scheme" [WebhookUrl]
        "A signature over something else than timestamp, dot and body is refused"
        why: "A signature that does not cover the timestamp holds for ever: whoever captures one webhook can send it again and again"
        mend: "Compute the HMAC over the text of the timestamp header, one dot and the body, and over nothing else; keep no second scheme as a fallback"
        run: other_scheme),
];

async fn good(exam: &mut Exam) -> Result<(), Problem> {
    let event = any_event(exam).await?;
    let webhook = exam.webhook(&event, "application.approved");
    let exchange = exam.send(webhook.request(exam.webhook_url()?)).await;
    accepted(&exchange)?;
    exam.receiver.acknowledges = true;
    Ok(())
}

async fn wrong_secret(exam: &mut Exam) -> Result<(), Problem> {
    let event = working_receiver(exam).await?;
    let mut requests = Vec::new();
    // The last ones are what a secret that was not set becomes in some languages.
    for secret in [FOREIGN_SECRET, "", "undefined", "null", "None"] {
        let mut webhook = exam.webhook(&event, "application.approved");
        secret.clone_into(&mut webhook.secret);
        let what = match secret {
            FOREIGN_SECRET => "a signature with another secret".to_owned(),
            "" => "a signature with an empty secret".to_owned(),
            text => format!("a signature with the secret `{text}`"),
        };
        requests.push((what, webhook.request(exam.webhook_url()?)));
    }
    all_refused(exam, requests).await
}

async fn other_scheme(exam: &mut Exam) -> Result<(), Problem> {
    let event = working_receiver(exam).await?;
    let url = exam.webhook_url()?;
    let mut requests = Vec::new();
    for scheme in [
        "the body alone",
        "timestamp and body without a dot",
        "the delivery id, timestamp and body",
    ] {
        let webhook = exam.webhook(&event, "application.approved");
        let (timestamp, body) = (webhook.timestamp.as_bytes(), webhook.body.as_slice());
        let parts: &[&[u8]] = match scheme {
            "the body alone" => &[body],
            "timestamp and body without a dot" => &[timestamp, body],
            _ => &[webhook.delivery_id.as_bytes(), b".", timestamp, b".", body],
        };
        let signature = format!("sha256={}", hmac_hex(webhook.secret.as_bytes(), parts));
        let request = signed_with(&signature, webhook.request(url.clone()));
        requests.push((format!("a signature over {scheme}"), request));
    }
    all_refused(exam, requests).await
}

/// The request with another signature header.
fn signed_with(signature: &str, request: Outgoing) -> Outgoing {
    request.with(SIGNATURE, Some(signature.as_bytes()))
}

/// A secret that the integration does not have.
const FOREIGN_SECRET: &str = "whsec_of_somebody_else_entirely";

/// The four headers (contract §4.1).
const EVENT: &str = "x-revento-event";
const DELIVERY_ID: &str = "x-revento-delivery-id";
const TIMESTAMP: &str = "x-revento-timestamp";
const SIGNATURE: &str = "x-revento-signature";
const HEADERS: [&str; 4] = [EVENT, DELIVERY_ID, TIMESTAMP, SIGNATURE];
