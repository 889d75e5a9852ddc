//! Judging the answers of a webhook receiver.

use crate::exam::{Exam, Problem, flaw, status_text};
use crate::exchange::Exchange;
use crate::integration::{Outgoing, redirect, send};
use crate::platform::world::{Event, MAIN_EVENT};

/// How much of a large body is kept as evidence.
const KEPT: usize = 512;
/// From this size on, a body is too large for a report.
const LARGE: usize = 16 * 1024;

/// What earlier checks have shown of a webhook receiver, so that others can tell a flaw of theirs from one that is known.
#[derive(Debug, Default)]
pub(crate) struct Receiver {
    /// The event of its webhooks.
    event: Option<Event>,
    /// Whether a good webhook was acknowledged.
    pub(super) acknowledges: bool,
    /// Whether the page of handled webhooks named one that was acknowledged.
    pub(super) handles: Option<bool>,
    /// Whether a webhook that came twice was handled once.
    pub(super) knows_duplicates: Option<bool>,
}

/// The event of webhooks that are about the receiver alone. It is connected, if the integration can connect it.
pub(super) async fn any_event(exam: &mut Exam) -> Result<Event, Problem> {
    if let Some(event) = &exam.receiver.event {
        return Ok(event.clone());
    }
    let known = exam.platform.world.event(MAIN_EVENT).cloned();
    let evidence = exam.evidence.len();
    let event = match (exam.connected_event().await, known) {
        (Ok(event), _) => event,
        (Err(_), Some(event)) => {
            // That it does not connect is judged by other checks.
            exam.evidence.truncate(evidence);
            event
        }
        (Err(problem), None) => return Err(problem),
    };
    exam.receiver.event = Some(event.clone());
    Ok(event)
}

/// Like [`any_event`]. A good webhook is acknowledged; otherwise a refusal would say nothing.
pub(super) async fn working_receiver(exam: &mut Exam) -> Result<Event, Problem> {
    let event = any_event(exam).await?;
    if exam.receiver.acknowledges {
        return Ok(event);
    }
    let webhook = exam.webhook(&event, "application.approved");
    let exchange = send(webhook.request(exam.webhook_url()?)).await;
    if matches!(exchange.status, Some(200..=299)) {
        exam.receiver.acknowledges = true;
        return Ok(event);
    }
    let got = status_text(exchange.status, &exchange);
    exam.evidence.push(exchange);
    Err(Problem::Untestable(format!(
        "a good webhook is not acknowledged (see signature-good), so this says nothing: {got}"
    )))
}

/// The answer has to be a 2xx.
pub(super) fn accepted(exchange: &Exchange) -> Result<(), Problem> {
    accepted_as("", exchange)
}

/// The answer has to be a 2xx. `what` tells what was sent.
pub(super) fn accepted_as(what: &str, exchange: &Exchange) -> Result<(), Problem> {
    match exchange.status {
        Some(200..=299) => Ok(()),
        Some(300..=399) => Err(redirects(exchange)),
        got => Err(flaw(format!("a 2xx{}", on(what)), status_text(got, exchange))),
    }
}

/// The answer has to refuse. Which 4xx does, is judged by `signature-refusal-status` alone.
pub(super) fn refused(exchange: &Exchange) -> Result<(), Problem> {
    refused_as("", exchange)
}

/// The answer has to refuse. `what` tells what was sent.
pub(super) fn refused_as(what: &str, exchange: &Exchange) -> Result<(), Problem> {
    match exchange.status {
        Some(400..=499) => Ok(()),
        Some(300..=399) => Err(redirects(exchange)),
        got => Err(flaw(
            format!("a refusal with 401{}", on(what)),
            status_text(got, exchange),
        )),
    }
}

fn on(what: &str) -> String {
    if what.is_empty() {
        String::new()
    } else {
        format!(" to {what}")
    }
}

/// A redirect is judged by `delivery-no-redirect` alone.
fn redirects(exchange: &Exchange) -> Problem {
    let to = redirect(exchange).map(|url| format!(" to {url}"));
    Problem::Untestable(format!(
        "the webhook URL redirects{} (see delivery-no-redirect)",
        to.unwrap_or_default()
    ))
}

/// Each of these requests has to be refused.
pub(super) async fn all_refused(
    exam: &mut Exam,
    requests: impl IntoIterator<Item = (String, Outgoing)>,
) -> Result<(), Problem> {
    for (what, request) in requests {
        let exchange = exam.send(request).await;
        refused_as(&what, &exchange)?;
    }
    Ok(())
}

/// Each of these requests has to be accepted.
pub(super) async fn all_accepted(
    exam: &mut Exam,
    requests: impl IntoIterator<Item = (String, Outgoing)>,
) -> Result<(), Problem> {
    for (what, request) in requests {
        let exchange = if request.body.len() > LARGE {
            send_large(exam, request).await
        } else {
            exam.send(request).await
        };
        accepted_as(&what, &exchange)?;
    }
    Ok(())
}

/// Sends a request whose body is too large for a report, and keeps the beginning of it as evidence.
pub(super) async fn send_large(exam: &mut Exam, request: Outgoing) -> Exchange {
    let mut exchange = send(request).await;
    let size = exchange.request_body.len();
    exchange.request_body.truncate(KEPT);
    exchange
        .request_body
        .extend(format!("… ({size} bytes in all)").into_bytes());
    exam.evidence.push(exchange.clone());
    exchange
}
