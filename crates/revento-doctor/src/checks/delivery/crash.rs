//! Killed in the middle of the work.
//!
//! One experiment serves both checks: many webhooks arrive at once, the integration is killed when the first of them are
//! acknowledged, and started again.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::handled_once;
use crate::check::{Check, check};
use crate::checks::answers::{accepted_as, working_receiver};
use crate::exam::{Exam, Problem, flaw};
use crate::integration::send;
use crate::primitives::now;
use crate::webhook::Webhook;

pub(in crate::checks) const CHECKS: &[Check] = &[
    check!(Delivery Required "§4.1" "delivery-acknowledged-survive-kill" [WebhookUrl, HandledUrl, Start]
        "A webhook that is acknowledged is handled even if the process is killed right after the answer"
        why: "The platform sends an acknowledged webhook never again. A queue in memory loses what is in it at each crash and each deployment"
        mend: "Commit the webhook to the database before you answer, and let a worker take it from there, at its start too"
        hint Express: "Do not answer first and go on with the promise: store, `await`, and answer then"
        hint Node: "Do not answer first and go on with the promise: store, `await`, and answer then"
        hint FastApi: "`BackgroundTasks` live in memory: store the webhook before you return"
        hint Go: "A goroutine or a channel lives in memory: store the webhook before you write the answer"
        run: acknowledged_survive),
    check!(Delivery Required "§4.1" "delivery-retried-after-kill" [WebhookUrl, HandledUrl, Start]
        "A webhook whose delivery was cut off by a kill is handled when it is sent again"
        why: "A receiver that remembers the id before it has stored the webhook, takes the retry for a duplicate: the webhook is acknowledged and never handled"
        mend: "Store the id and the webhook in one transaction"
        run: retried),
];

/// How many webhooks arrive at once.
const BATCH: usize = 24;
/// After so many acknowledgements the integration is killed.
const KILL_AFTER: usize = 6;
/// The longest that a worker's lease on a webhook may outlive it.
const RECOVERY: Duration = Duration::from_secs(100);

/// Webhooks that were under way when the integration was killed.
#[derive(Debug)]
pub(crate) struct Crash {
    at: Instant,
    acknowledged: Vec<Webhook>,
    cut_off: Vec<Webhook>,
    /// The first refusal to send again what was cut off.
    refused_again: Option<Problem>,
    /// Envelopes that the page of handled webhooks has named since.
    seen: HashSet<String>,
}

async fn acknowledged_survive(exam: &mut Exam) -> Result<(), Problem> {
    experiment(exam).await?;
    let lost = not_handled(exam, |crash| &crash.acknowledged).await?;
    let total = exam.crash.as_ref().map_or(0, |crash| crash.acknowledged.len());
    if lost == 0 {
        return Ok(());
    }
    Err(flaw(
        format!("the {total} webhooks that were acknowledged before the kill are handled after the restart"),
        format!("{lost} of them are not, after {} s", RECOVERY.as_secs()),
    ))
}

async fn retried(exam: &mut Exam) -> Result<(), Problem> {
    experiment(exam).await?;
    if let Some(Problem::Flaw { expected, got }) =
        exam.crash.as_ref().and_then(|crash| crash.refused_again.as_ref())
    {
        return Err(flaw(expected, got));
    }
    let lost = not_handled(exam, |crash| &crash.cut_off).await?;
    let total = exam.crash.as_ref().map_or(0, |crash| crash.cut_off.len());
    if lost == 0 {
        return Ok(());
    }
    Err(flaw(
        format!("the {total} webhooks whose delivery was cut off are handled when they come again"),
        format!(
            "{lost} of them are acknowledged then, but not handled after {} s",
            RECOVERY.as_secs()
        ),
    ))
}

/// Kills the integration in the middle of a batch, starts it, and sends again what was cut off. Once for both checks.
async fn experiment(exam: &mut Exam) -> Result<(), Problem> {
    if exam.crash.is_some() {
        return Ok(());
    }
    let (event, known) = handled_once(exam).await?;
    let url = exam.webhook_url()?;
    let batch: Vec<Webhook> = (0..BATCH)
        .map(|_| exam.webhook(&event, "application.approved"))
        .collect();
    let mut sent: FuturesUnordered<_> = batch
        .into_iter()
        .map(|webhook| {
            let request = webhook.request(url.clone());
            async move { (webhook, send(request).await) }
        })
        .collect();
    let (mut acknowledged, mut cut_off) = (Vec::new(), Vec::new());
    while let Some((webhook, exchange)) = sent.next().await {
        if matches!(exchange.status, Some(200..=299)) {
            acknowledged.push(webhook);
            if acknowledged.len() == KILL_AFTER {
                exam.evidence.push(exchange);
                exam.integration.kill().await;
            }
        } else {
            cut_off.push((webhook, exchange));
        }
    }
    exam.evidence
        .extend(cut_off.first().map(|(_, exchange)| exchange.clone()));
    if acknowledged.len() < KILL_AFTER {
        exam.restart().await?;
        let text = format!(
            "only {} of {BATCH} webhooks at once are acknowledged (see delivery-burst)",
            acknowledged.len()
        );
        return Err(Problem::Untestable(text));
    }
    let at = now();
    exam.restart().await?;
    if exam.handled(&known.envelope_id).await == Some(0) {
        return Err(Problem::NotChecked(
            "the page of handled webhooks forgets at a restart what was handled before it; let it list what the database has".to_owned(),
        ));
    }
    let mut crash = Crash {
        at,
        acknowledged,
        cut_off: cut_off.into_iter().map(|(webhook, _)| webhook).collect(),
        refused_again: None,
        seen: HashSet::new(),
    };
    for webhook in crash.cut_off.clone() {
        let exchange = exam.send(webhook.at(0).request(url.clone())).await;
        if let Err(problem) = accepted_as("a webhook that is sent again after a kill", &exchange)
            && crash.refused_again.is_none()
        {
            crash.refused_again = Some(problem);
        }
    }
    exam.crash = Some(crash);
    Ok(())
}

/// How many of these webhooks are not handled, at last. A worker that was killed may hold a lease on some: they get time.
async fn not_handled(exam: &mut Exam, which: fn(&Crash) -> &Vec<Webhook>) -> Result<usize, Problem> {
    working_receiver(exam).await?;
    let began = now();
    loop {
        let page = exam.handled_page().await.unwrap_or_default();
        let Some(crash) = exam.crash.as_mut() else {
            return Err(Problem::Untestable("the integration was not killed".to_owned()));
        };
        let named = crash.acknowledged.iter().chain(&crash.cut_off);
        let named = named.filter(|webhook| page.contains(&webhook.envelope_id));
        crash
            .seen
            .extend(named.map(|webhook| webhook.envelope_id.clone()));
        let open = which(crash)
            .iter()
            .filter(|webhook| !crash.seen.contains(&webhook.envelope_id));
        let open = open.count();
        if open == 0 || crash.at.elapsed() > RECOVERY {
            return Ok(open);
        }
        if !exam.at_end && began.elapsed() > Duration::from_secs(2) {
            return Err(exam.later("a worker's lease on a webhook to end"));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
