//! What a refusal says, and that it is one.

use super::{FOREIGN_SECRET, SIGNATURE, signed_with};
use crate::check::{Check, check};
use crate::checks::answers::{refused_as, working_receiver};
use crate::exam::{Exam, Problem, flaw};
use crate::exchange::Exchange;
use crate::integration::Outgoing;

pub(in crate::checks) const CHECKS: &[Check] = &[
    check!(Signature Recommended "§4.1" "signature-refusal-status" [WebhookUrl]
        "A forged webhook is refused with 401"
        why: "404, 405 or 419 tell the operator that the URL is wrong, and not that somebody forges webhooks; the platform's reviewers look for 401"
        mend: "Answer 401 (400 and 403 do as well) when the signature does not hold"
        hint Django: "403 with a CSRF page comes from the CSRF protection: use `@csrf_exempt` on the view"
        hint Php: "419 comes from Laravel's CSRF protection: except the route from it"
        run: status),
    check!(Signature Recommended "§4.1" "signature-uniform-answer" [WebhookUrl]
        "The answer to a forged webhook does not tell what is wrong with it"
        why: "A different answer for a stale but correctly signed webhook tells an attacker that a guess at the signature was right"
        mend: "Give every refusal the same status and text; write the reason to your log"
        run: uniform),
    check!(Signature Required "§4.1" "signature-answer-leaks" [WebhookUrl]
        "The answer to a forged webhook contains neither the signature that would be right nor the secret"
        why: "Whoever reads the expected signature in the answer sends the forgery again, with that signature"
        mend: "Never put the computed signature into an answer, not even while debugging"
        run: leaks),
    check!(Signature Required "§4.1" "signature-refused-not-handled" [WebhookUrl, HandledUrl]
        "A webhook that is refused is not handled either"
        why: "A receiver that queues first and verifies afterwards answers 401 and does what the forgery says"
        mend: "Verify before you store or queue anything"
        run: not_handled),
];

async fn status(exam: &mut Exam) -> Result<(), Problem> {
    let (_, request) = forged(exam, "a wrong signature").await?;
    let exchange = exam.send(request).await;
    match exchange.status {
        Some(400 | 401 | 403) => Ok(()),
        Some(got @ 400..=499) => Err(flaw("401", got.to_string())),
        _ => not_refused(&exchange),
    }
}

async fn uniform(exam: &mut Exam) -> Result<(), Problem> {
    let mut first: Option<(&str, String)> = None;
    for kind in [
        "a wrong signature",
        "a wrong signature and an old timestamp",
        "a right signature and an old timestamp",
    ] {
        let (_, request) = forged(exam, kind).await?;
        let exchange = exam.send(request).await;
        if !matches!(exchange.status, Some(400..=499)) {
            return not_refused(&exchange);
        }
        let answer = shape(&exchange);
        match &first {
            Some((other, known)) if *known != answer => {
                return Err(flaw(
                    format!("the same answer to {other} as to {kind}"),
                    format!("{known} and {answer}"),
                ));
            }
            Some(_) => {}
            None => first = Some((kind, answer)),
        }
    }
    Ok(())
}

async fn leaks(exam: &mut Exam) -> Result<(), Problem> {
    for kind in ["a wrong signature", "no signature"] {
        let (expected, request) = forged(exam, kind).await?;
        let exchange = exam.send(request).await;
        let mut answer = String::from_utf8_lossy(&exchange.response_body).into_owned();
        for (_, value) in &exchange.response_headers {
            answer.push('\n');
            answer.push_str(value);
        }
        let digits = expected.trim_start_matches("sha256=");
        if answer.to_ascii_lowercase().contains(digits) {
            return Err(flaw(
                "an answer without the expected signature",
                format!("the answer to {kind} contains the signature that would be right"),
            ));
        }
        if answer.contains(&exam.platform.webhook_secret()) {
            return Err(flaw(
                "an answer without secrets",
                format!("the answer to {kind} contains the webhook secret"),
            ));
        }
    }
    Ok(())
}

async fn not_handled(exam: &mut Exam) -> Result<(), Problem> {
    let event = working_receiver(exam).await?;
    let mut webhook = exam.webhook(&event, "application.approved");
    webhook.secret = FOREIGN_SECRET.to_owned();
    let exchange = exam.send(webhook.request(exam.webhook_url()?)).await;
    if !matches!(exchange.status, Some(400..=499)) {
        return not_refused(&exchange);
    }
    exam.quiet().await;
    match exam.handled(&webhook.envelope_id).await {
        Some(0) | None => Ok(()),
        Some(_) => Err(flaw(
            "the refused webhook is not handled",
            "the page of --handled-url names it",
        )),
    }
}

/// That forgeries are refused is judged by other checks.
fn not_refused(exchange: &Exchange) -> Result<(), Problem> {
    match refused_as("", exchange) {
        Err(Problem::Flaw { got, .. }) => Err(Problem::Untestable(format!(
            "the forged webhook is not refused with a 4xx (see signature-wrong-secret): {got}"
        ))),
        other => other,
    }
}

/// A forged webhook, with the signature that would be right.
async fn forged(exam: &mut Exam, kind: &str) -> Result<(String, Outgoing), Problem> {
    let event = working_receiver(exam).await?;
    let mut webhook = exam.webhook(&event, "application.approved");
    if kind.ends_with("old timestamp") {
        webhook = webhook.at(-900);
    }
    let right = webhook.signature();
    let request = webhook.request(exam.webhook_url()?);
    let request = match kind {
        "no signature" => request.with(SIGNATURE, None),
        "a right signature and an old timestamp" => request,
        _ => {
            webhook.secret = FOREIGN_SECRET.to_owned();
            signed_with(&webhook.signature(), request)
        }
    };
    Ok((right, request))
}

/// Status and text of an answer, without the digits in it: they may be ids and times.
fn shape(exchange: &Exchange) -> String {
    let text: String = String::from_utf8_lossy(&exchange.response_body)
        .split(|letter: char| !letter.is_alphabetic())
        // Parts of ids that are hexadecimal.
        .filter(|word| word.len() > 1 && !word.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .take(12)
        .collect::<Vec<_>>()
        .join(" ");
    let status = exchange.status.unwrap_or_default();
    if text.is_empty() {
        format!("{status}")
    } else {
        format!("{status} ({text})")
    }
}
