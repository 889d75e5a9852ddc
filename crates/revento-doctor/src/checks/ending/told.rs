//! Who tells of an end, and what follows.

use std::time::Duration;

use revento_sandbox::Action;
use serde_json::{Value, json};

use super::super::steps;
use super::causes::{end, revocation, revoke};
use crate::exam::{Exam, Problem, flaw, status_text};
use crate::exchange::Exchange;
use crate::platform::world::{Event, ORGANIZATION};
use crate::platform::{Delivered, Endpoint, Mark, RelayMode};
use crate::primitives::unix_now;
use crate::webhook::Webhook;

/// How long before the consent an old connection ended.
const AN_HOUR: Duration = Duration::from_secs(3600);

/// A working connection that was revoked, without a webhook about it.
async fn revoked_in_silence(exam: &mut Exam) -> Result<(Event, Mark), Problem> {
    let event = steps::working(exam).await?;
    exam.platform.relay().set_mode(RelayMode::Capture);
    let action = revocation(exam, &event);
    let ended = end(exam, action).await;
    exam.platform.relay().set_mode(RelayMode::Pass);
    ended?;
    Ok((event, exam.platform.mark()))
}

pub(super) async fn by_the_api(exam: &mut Exam) -> Result<(), Problem> {
    let (event, mark) = revoked_in_silence(exam).await?;
    let read = exam.read(&event).await?;
    steps::show_since(exam, &event, mark);
    steps::participant_calls(exam, &event, mark)?;
    steps::asks_to_reconnect(exam, &event, &read)
}

pub(super) async fn by_the_webhook(exam: &mut Exam) -> Result<(), Problem> {
    let event = steps::working(exam).await?;
    for delivered in revoke(exam, &event).await? {
        wait_for(exam, &delivered).await?;
    }
    let mark = exam.platform.mark();
    exam.read(&event).await?;
    steps::show_since(exam, &event, mark);
    match calls(exam, &event, mark) {
        0 => Ok(()),
        count => Err(flaw(
            "no call for a connection that has ended",
            format!("{count} calls"),
        )),
    }
}

/// Waits until a webhook is handled. Without a page that says so, a moment.
pub(super) async fn wait_for(exam: &mut Exam, delivered: &Delivered) -> Result<(), Problem> {
    let envelope: Value = serde_json::from_slice(&delivered.body).unwrap_or_default();
    let id = envelope
        .get("id")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    wait_until_handled(exam, &id).await
}

pub(super) async fn wait_until_handled(exam: &mut Exam, envelope_id: &str) -> Result<(), Problem> {
    if exam.integration.settings.handled_url.is_none() {
        exam.quiet().await;
        return Ok(());
    }
    let handled = exam.wait_until_handled(envelope_id).await;
    handled.map_err(|problem| {
        steps::blocked(
            problem,
            "the page of --handled-url does not name the webhook about the end",
        )
    })
}

/// The calls about an event since the mark.
fn calls(exam: &Exam, event: &Event, mark: Mark) -> usize {
    let endpoints = [Endpoint::Participants, Endpoint::Read, Endpoint::Refresh];
    let counts = endpoints.map(|endpoint| exam.platform.calls_about(event, endpoint, mark).len());
    counts.iter().sum()
}

pub(super) async fn calls_stop(exam: &mut Exam) -> Result<(), Problem> {
    let (event, _) = revoked_in_silence(exam).await?;
    exam.read(&event).await?;
    let mark = exam.platform.mark();
    exam.quiet().await;
    exam.quiet().await;
    steps::show_since(exam, &event, mark);
    match calls(exam, &event, mark) {
        0 => Ok(()),
        count => Err(flaw(
            "no call in the background after the end",
            format!("{count} calls"),
        )),
    }
}

pub(super) async fn reconnect(exam: &mut Exam) -> Result<(), Problem> {
    let (event, _) = revoked_in_silence(exam).await?;
    exam.read(&event).await?;
    exam.connect(&event.id).await?;
    exam.read_all(&event).await.map(drop)
}

/// A webhook about the end of a connection of this event.
fn deletion_required(exam: &mut Exam, event: &Event, ago: Duration) -> Webhook {
    let at = |seconds: Duration| {
        let at = jiff::Timestamp::from_second(i64::try_from(seconds.as_secs()).unwrap_or_default());
        at.map(|at| at.to_string()).unwrap_or_default()
    };
    let occurred = unix_now().saturating_sub(ago);
    let data = json!({
        "event_id": event.id, "organization_id": ORGANIZATION, "reason": "connection_revoked",
        "deadline_at": at(occurred + Duration::from_secs(30 * 86_400)),
    });
    exam.webhook(event, "application.approved")
        .set("/type", "data.deletion_required")
        .set("/occurred_at", at(occurred))
        .set("/data", data)
}

pub(super) async fn old_webhook(exam: &mut Exam) -> Result<(), Problem> {
    let event = steps::working(exam).await?;
    let webhook = deletion_required(exam, &event, AN_HOUR);
    let id = webhook.envelope_id.clone();
    let exchange = exam.send(webhook.request(exam.webhook_url()?)).await;
    is_acknowledged(&exchange)?;
    wait_until_handled(exam, &id).await?;
    stays_connected(exam, &event).await
}

/// The event is still connected.
async fn stays_connected(exam: &mut Exam, event: &Event) -> Result<(), Problem> {
    let read = exam.read(event).await?;
    if exam.names_everybody(event, &read).is_ok() {
        return Ok(());
    }
    exam.forget_connections();
    Err(flaw(
        "the connection that began after that end goes on: the read page names everybody",
        status_text(read.status, &read),
    ))
}

fn is_acknowledged(exchange: &Exchange) -> Result<(), Problem> {
    match exchange.status {
        Some(200..=299) => Ok(()),
        got => Err(Problem::Untestable(format!(
            "the webhook was not acknowledged: {}",
            status_text(got, exchange)
        ))),
    }
}

pub(super) async fn replayed_webhook(exam: &mut Exam) -> Result<(), Problem> {
    let event = steps::working(exam).await?;
    let webhooks = revoke(exam, &event).await?;
    let mut ids = Vec::new();
    for delivered in &webhooks {
        wait_for(exam, delivered).await?;
        let id = delivered
            .headers
            .iter()
            .find(|(name, _)| name == "x-revento-delivery-id");
        ids.extend(id.map(|(_, value)| value.clone()));
    }
    exam.connect(&event.id).await?;
    let read = exam.read_all(&event).await;
    read.map_err(|problem| {
        steps::blocked(
            problem,
            "the event cannot be connected again, see ending-reconnect",
        )
    })?;
    for id in ids {
        exam.perform(Action::Replay(id)).await?;
    }
    exam.quiet().await;
    stays_connected(exam, &event).await
}

pub(super) async fn late_webhook(exam: &mut Exam) -> Result<(), Problem> {
    let event = steps::working(exam).await?;
    revoke(exam, &event).await?;
    exam.read(&event).await?;
    let webhook = exam.webhook(&event, "application.approved");
    let exchange = exam.send(webhook.request(exam.webhook_url()?)).await;
    match exchange.status {
        Some(200..=299) => Ok(()),
        got => Err(flaw("a 2xx", status_text(got, &exchange))),
    }
}
