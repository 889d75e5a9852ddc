//! The same webhook more than once.

use futures_util::future::join_all;

use super::{good, handled_once};
use crate::check::{Check, check};
use crate::checks::answers::{accepted_as, working_receiver};
use crate::exam::{Exam, Problem, flaw};
use crate::integration::send;
use crate::webhook::Webhook;

/// How many copies arrive at the same moment.
const COPIES: usize = 10;

pub(in crate::checks) const CHECKS: &[Check] = &[
    check!(Delivery Required "§4.1" "delivery-duplicate" [WebhookUrl, HandledUrl]
        "A retry of a handled webhook is acknowledged and not handled again"
        why: "The platform retries whenever it does not see the answer, and each attempt has a new timestamp and signature: people would get every mail twice"
        mend: "Remember the delivery id and the envelope's id of each webhook for at least 7 days, and acknowledge what you know without handling it"
        run: duplicate),
    check!(Delivery Required "§4.1" "delivery-duplicates-at-once" [WebhookUrl, HandledUrl]
        "Ten copies of a webhook at the same moment are handled once"
        why: "A receiver that looks first and stores afterwards takes two copies that arrive together for new ones"
        mend: "Let a unique key of the database decide: insert the id, and handle the webhook only if the insert was not a conflict"
        run: at_once),
    check!(Delivery Required "§4.1" "delivery-other-delivery-id" [WebhookUrl, HandledUrl]
        "A webhook that comes again under another delivery id is not handled again"
        why: "The delivery id is not signed: whoever captured a webhook can send it again under a new one, within 300 s, and have it handled twice"
        mend: "Take the `id` of the signed envelope as a second key of deduplication"
        run: other_delivery_id),
    check!(Delivery Required "§4.1" "delivery-remembers-after-restart" [WebhookUrl, HandledUrl, Start]
        "A webhook that was handled before a restart is not handled again after it"
        why: "Retries come for a day and replays at any time: a memory that ends with the process lets each deployment handle webhooks again"
        mend: "Store the ids of webhooks in the database, not in a variable"
        run: remembers),
];

async fn duplicate(exam: &mut Exam) -> Result<(), Problem> {
    let (_, webhook) = handled_once(exam).await?;
    let judged = again(exam, webhook.at(-1), "a retry of a handled webhook").await;
    exam.receiver.knows_duplicates = Some(judged.is_ok());
    judged
}

async fn other_delivery_id(exam: &mut Exam) -> Result<(), Problem> {
    let (_, mut webhook) = handled_once(exam).await?;
    let (_, other) = good(exam).await?;
    webhook.delivery_id = other.delivery_id;
    again(exam, webhook, "a handled webhook under another delivery id").await
}

/// Sends a handled webhook again. It has to be acknowledged, and the page of handled webhooks must not name it once more.
async fn again(exam: &mut Exam, webhook: Webhook, what: &str) -> Result<(), Problem> {
    let before = exam.handled(&webhook.envelope_id).await;
    let exchange = exam.send(webhook.request(exam.webhook_url()?)).await;
    accepted_as(what, &exchange)?;
    exam.quiet().await;
    match (before, exam.handled(&webhook.envelope_id).await) {
        (Some(before), Some(after)) if after > before => Err(flaw(
            format!("{what} is not handled again"),
            format!(
                "the page of --handled-url names it {before} times before and {after} times after it came again"
            ),
        )),
        _ => Ok(()),
    }
}

async fn at_once(exam: &mut Exam) -> Result<(), Problem> {
    let (_, first) = handled_once(exam).await?;
    // How often the page names one webhook that came once.
    let usual = exam.handled(&first.envelope_id).await.unwrap_or(1);
    let event = working_receiver(exam).await?;
    let webhook = exam.webhook(&event, "application.approved");
    let url = exam.webhook_url()?;
    let sent = join_all((0..COPIES).map(|_| send(webhook.request(url.clone())))).await;
    exam.evidence.extend(sent.iter().take(2).cloned());
    // A copy that meets another one may be sent away: the platform retries it.
    let acknowledged = sent
        .iter()
        .filter(|exchange| matches!(exchange.status, Some(200..=299)));
    if acknowledged.count() == 0 {
        let first = sent
            .first()
            .ok_or_else(|| Problem::Untestable("no request was sent".to_owned()))?;
        accepted_as("one of ten copies", first)?;
    }
    exam.wait_until_handled(&webhook.envelope_id).await?;
    exam.quiet().await;
    match exam.handled(&webhook.envelope_id).await {
        Some(count) if count > usual => Err(flaw(
            "ten copies that arrive at the same moment are handled once",
            format!("the page of --handled-url names the webhook {count} times"),
        )),
        _ => Ok(()),
    }
}

async fn remembers(exam: &mut Exam) -> Result<(), Problem> {
    if exam.receiver.knows_duplicates.is_none() {
        // Its judgement is that of delivery-duplicate, and needed here only for what it shows.
        let _ = duplicate(exam).await;
    }
    if exam.receiver.knows_duplicates == Some(false) {
        let text = "the integration handles duplicates again without a restart, too (see delivery-duplicate)";
        return Err(Problem::Untestable(text.to_owned()));
    }
    let (_, webhook) = handled_once(exam).await?;
    exam.restart().await?;
    again(
        exam,
        webhook.at(-1),
        "a webhook that was handled before a restart",
    )
    .await
}
