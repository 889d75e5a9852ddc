//! The signature of webhooks (contract §4.1).

use crate::check::{Check, check};
use crate::exam::{Exam, Problem, flaw, status_text};
use crate::exchange::Exchange;

pub(super) const CHECKS: &[Check] = &[
    check!(Signature Required "§4.1" "signature-good" [WebhookUrl]
        "A correctly signed webhook is acknowledged with a 2xx"
        why: "The platform retries what is not acknowledged, and then buries it"
        mend: "Compute HMAC-SHA256 with the webhook secret over the timestamp header, a dot and the raw bytes of the body, and compare it with the hex after `sha256=`"
        hint Express: "Use `express.raw({ type: '*/*' })` on this route, before any `express.json()`"
        hint Flask: "Use `request.get_data()`, not `request.json`"
        run: good),
    check!(Signature Required "§4.1" "signature-wrong-secret" [WebhookUrl]
        "A webhook that is signed with another secret is refused"
        why: "Everybody who knows the URL could send webhooks"
        mend: "Refuse with 401 before you read anything of the body, when the signature does not match"
        run: wrong_secret),
];

async fn good(exam: &mut Exam) -> Result<(), Problem> {
    let event = exam.connected_event().await?;
    let webhook = exam.webhook(&event, "application.approved");
    let exchange = exam.send(webhook.request(exam.webhook_url()?)).await;
    accepted(&exchange)
}

async fn wrong_secret(exam: &mut Exam) -> Result<(), Problem> {
    let event = exam.connected_event().await?;
    let mut webhook = exam.webhook(&event, "application.approved");
    webhook.secret = "whsec_of_somebody_else_entirely".to_owned();
    let exchange = exam.send(webhook.request(exam.webhook_url()?)).await;
    refused(&exchange)
}

/// The answer has to be a 2xx.
pub(super) fn accepted(exchange: &Exchange) -> Result<(), Problem> {
    match exchange.status {
        Some(200..=299) => Ok(()),
        got => Err(flaw("a 2xx", status_text(got, exchange))),
    }
}

/// The answer has to be 401, or another status with which people refuse a request that is not authentic.
pub(super) fn refused(exchange: &Exchange) -> Result<(), Problem> {
    match exchange.status {
        Some(400 | 401 | 403) => Ok(()),
        got => Err(flaw("401", status_text(got, exchange))),
    }
}
