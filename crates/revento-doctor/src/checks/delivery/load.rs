//! How quickly a receiver answers: under load, after a start, and while the platform hangs.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;

use super::{good, shows_handled};
use crate::check::{Check, check};
use crate::checks::answers::{accepted_as, working_receiver};
use crate::exam::{Exam, Problem, flaw};
use crate::exchange::Exchange;
use crate::integration::{Outgoing, send};
use crate::platform::{Effect, Endpoint, Gate};
use crate::primitives::now;

/// The platform waits this long for an answer (contract §4.1).
const BUDGET: Duration = Duration::from_secs(10);
/// Half of it: what a good receiver keeps free for a bad day.
const COMFORTABLE: Duration = Duration::from_secs(5);
const BURST: usize = 50;

pub(in crate::checks) const CHECKS: &[Check] = &[
    check!(Delivery Required "§4.1" "delivery-burst" [WebhookUrl]
        "Fifty webhooks at the same moment are all acknowledged and handled"
        why: "An organizer who approves everybody at once makes that many webhooks: a receiver that drops or refuses some loses them, or gets them late"
        mend: "Queue each webhook in the database, with a pool that waits for a connection instead of failing"
        run: burst),
    check!(Delivery Recommended "§4.1" "delivery-quick-under-load" [WebhookUrl]
        "Of fifty webhooks at the same moment, each is answered within 5 s"
        why: "The platform waits 10 s. A receiver that needs more than half of that on a good day exceeds it on a bad one, and gets everything again"
        mend: "Answer when the webhook is stored; do not hold a lock over all webhooks, and handle them afterwards"
        run: quick_under_load),
    check!(Delivery Recommended "§4.1" "delivery-quick-from-cold" [WebhookUrl, Start]
        "The first webhook after a start is answered within 5 s"
        why: "After a deployment, the first webhooks would exceed the platform's 10 s, and be sent again to a receiver that is busy starting"
        mend: "Open the database and load what you need before you listen, not at the first request"
        run: quick_from_cold),
    check!(Delivery Required "§4.1" "delivery-queued-first" [WebhookUrl, ConnectUrl]
        "A webhook is answered within 10 s even if the platform's API hangs"
        why: "A handler that calls the API before it answers is as slow as the API: webhooks time out, are retried, and call the API even more"
        mend: "Store the webhook and answer; let a worker do everything else. The webhook carries the whole snapshot"
        run: queued_first),
];

async fn burst(exam: &mut Exam) -> Result<(), Problem> {
    let visible = shows_handled(exam).await;
    let (exchanges, envelopes) = load(exam).await?;
    for exchange in &exchanges {
        accepted_as("each of fifty webhooks", exchange)?;
    }
    if !visible {
        return Ok(());
    }
    // The page may show the newest ones only, so each look counts.
    let mut open: HashSet<String> = envelopes.into_iter().collect();
    let total = open.len();
    // Workers may be slow, as long as they go on.
    let mut progress = now();
    while let Some(shown) = exam.handled_page().await {
        let before = open.len();
        open.retain(|id| !shown.contains(id.as_str()));
        if open.is_empty() {
            break;
        }
        if open.len() < before {
            progress = now();
        }
        if progress.elapsed() > exam.patience() {
            return Err(flaw(
                format!("all {total} webhooks are handled"),
                format!(
                    "the page of --handled-url does not name {} of them, and no further one for {} s",
                    open.len(),
                    exam.patience().as_secs()
                ),
            ));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

async fn quick_under_load(exam: &mut Exam) -> Result<(), Problem> {
    let (exchanges, _) = load(exam).await?;
    let answered = exchanges.iter().filter(|exchange| exchange.status.is_some());
    let mut durations: Vec<Duration> = answered.map(|exchange| exchange.duration).collect();
    if durations.len() < exchanges.len() {
        let text = "some of fifty webhooks at the same moment get no answer (see delivery-burst)";
        return Err(Problem::Untestable(text.to_owned()));
    }
    durations.sort_unstable();
    match durations.last() {
        Some(slowest) if *slowest > COMFORTABLE => Err(flaw(
            "each answer within 5 s",
            format!("the slowest took {:.1} s", slowest.as_secs_f64()),
        )),
        _ => Ok(()),
    }
}

async fn quick_from_cold(exam: &mut Exam) -> Result<(), Problem> {
    let (_, webhook) = good(exam).await?;
    exam.restart().await?;
    let exchange = exam.send(webhook.at(0).request(exam.webhook_url()?)).await;
    accepted_as("the first webhook after a start", &exchange)?;
    within("the first answer after a start", &exchange, COMFORTABLE)
}

async fn queued_first(exam: &mut Exam) -> Result<(), Problem> {
    let (_, webhook) = good(exam).await?;
    let gate = Gate::closed();
    let endpoints = [
        Endpoint::Code,
        Endpoint::Refresh,
        Endpoint::Participants,
        Endpoint::Read,
        Endpoint::Me,
    ];
    let guards = endpoints.map(|endpoint| {
        let wait = Effect::WaitBefore(gate.clone());
        exam.platform.on(endpoint, None, wait)
    });
    let request = webhook.request(exam.webhook_url()?);
    let exchange = exam.send(request).await;
    drop(guards);
    gate.open();
    if exchange.status.is_some() {
        accepted_as("a webhook while the API hangs", &exchange)?;
    }
    within("the answer", &exchange, BUDGET)
}

fn within(what: &str, exchange: &Exchange, limit: Duration) -> Result<(), Problem> {
    if exchange.duration <= limit {
        return Ok(());
    }
    Err(flaw(
        format!("{what} within {} s", limit.as_secs()),
        format!("{:.1} s", exchange.duration.as_secs_f64()),
    ))
}

/// Sends many webhooks at the same moment. Returns the exchanges and the ids of the envelopes.
async fn load(exam: &mut Exam) -> Result<(Vec<Exchange>, Vec<String>), Problem> {
    let event = working_receiver(exam).await?;
    let url = exam.webhook_url()?;
    let mut requests: Vec<Outgoing> = Vec::new();
    let mut envelopes = Vec::new();
    for _ in 0..BURST {
        let webhook = exam.webhook(&event, "application.approved");
        requests.push(webhook.request(url.clone()));
        envelopes.push(webhook.envelope_id);
    }
    let exchanges = join_all(requests.into_iter().map(send)).await;
    // The slowest one, and one that was refused, are evidence.
    let slowest = exchanges.iter().max_by_key(|exchange| exchange.duration);
    let refused = exchanges
        .iter()
        .find(|exchange| !matches!(exchange.status, Some(200..=299)));
    exam.evidence.extend(slowest.into_iter().chain(refused).cloned());
    Ok((exchanges, envelopes))
}
