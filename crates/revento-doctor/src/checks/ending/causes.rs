//! Each cause that ends connections.

use std::sync::Arc;
use std::time::Duration;

use revento_sandbox::Action;
use serde_json::json;

use super::super::steps::{self, Says};
use super::told;
use crate::exam::{Exam, Problem, flaw, status_text};
use crate::platform::Delivered;
use crate::platform::world::{Event, ORGANIZATION};

/// How long a webhook may take until its end is seen.
const SOON: Duration = Duration::from_secs(3);

pub(super) fn revocation(exam: &Exam, event: &Event) -> Action {
    Action::RevokeConnection {
        client_id: exam.platform.info().client_id.clone(),
        event_id: event.id.clone(),
    }
}

/// Performs an action that ends connections, with its webhooks. Returns these.
pub(super) async fn end(exam: &mut Exam, action: Action) -> Result<Vec<Arc<Delivered>>, Problem> {
    let before = exam.platform.relay().delivered().len();
    exam.forget_connections();
    exam.perform(action).await?;
    Ok(exam
        .platform
        .relay()
        .delivered()
        .into_iter()
        .skip(before)
        .collect())
}

/// The organizer revokes the connection. The webhook about it has to be acknowledged, or nothing more can be judged.
pub(super) async fn revoke(exam: &mut Exam, event: &Event) -> Result<Vec<Arc<Delivered>>, Problem> {
    let action = revocation(exam, event);
    let webhooks = end(exam, action).await?;
    acknowledged(&webhooks).map_err(|problem| {
        steps::blocked(
            problem,
            "the webhook about the end is not acknowledged, see ending-revoked",
        )
    })?;
    Ok(webhooks)
}

fn acknowledged(webhooks: &[Arc<Delivered>]) -> Result<(), Problem> {
    let exchanges = webhooks
        .iter()
        .filter_map(|delivered| delivered.exchange.as_ref());
    for exchange in exchanges {
        if !matches!(exchange.status, Some(200..=299)) {
            let sent = exchange
                .request_headers
                .iter()
                .find(|(name, _)| name == "x-revento-event");
            let sent = sent.map_or("webhook", |(_, value)| value);
            return Err(flaw(
                format!("{sent} is acknowledged with a 2xx"),
                status_text(exchange.status, exchange),
            ));
        }
    }
    Ok(())
}

/// The read page says soon that somebody has to connect again.
async fn has_ended(exam: &mut Exam, event: &Event) -> Result<(), Problem> {
    let began = crate::primitives::now();
    loop {
        let read = exam.read(event).await?;
        if steps::says(exam, event, &read) == Says::Reconnect || began.elapsed() > SOON {
            return steps::asks_to_reconnect(exam, event, &read);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A fresh connection ends by an action. Afterwards `restore` undoes what the action did to the platform.
async fn ends_by(
    exam: &mut Exam,
    action: impl Fn(&Exam, &Event) -> Action,
    restore: impl AsyncFn(&Exam),
) -> Result<(), Problem> {
    let event = steps::working(exam).await?;
    let action = action(exam, &event);
    let before = exam.platform.relay().delivered().len();
    let webhooks = end(exam, action).await;
    let ended = match webhooks.and_then(|webhooks| acknowledged(&webhooks)) {
        Ok(()) => {
            let ended = has_ended(exam, &event).await;
            // A webhook that is handled later could end the connection of the next check.
            for delivered in exam.platform.relay().delivered().into_iter().skip(before) {
                let _ = told::wait_for(exam, &delivered).await;
            }
            ended
        }
        Err(problem) => {
            restore(exam).await;
            return Err(problem);
        }
    };
    restore(exam).await;
    if let Err(Problem::Flaw { .. }) = ended {
        // It may be the same for every cause.
        let evidence = std::mem::take(&mut exam.evidence);
        let told = told::by_the_api(exam).await;
        exam.evidence = evidence;
        told.map_err(|problem| {
            steps::blocked(
                problem,
                "the integration never says that a connection has ended, see ending-without-webhook",
            )
        })?;
    }
    ended
}

pub(super) async fn revoked(exam: &mut Exam) -> Result<(), Problem> {
    ends_by(exam, revocation, async |_| {}).await
}

pub(super) async fn archived(exam: &mut Exam) -> Result<(), Problem> {
    ends_by(
        exam,
        |_, event| Action::ArchiveEvent(event.id.clone()),
        async |_| {},
    )
    .await
}

pub(super) async fn not_formal(exam: &mut Exam) -> Result<(), Problem> {
    let action = |_: &Exam, _: &Event| Action::LoseFormalStatus(ORGANIZATION.to_owned());
    let restore = async |exam: &Exam| {
        let path = format!("/organizations/{ORGANIZATION}/gain-formal-status");
        exam.platform.control("POST", &path, json!({})).await;
    };
    ends_by(exam, action, restore).await
}

pub(super) async fn unpublished_integration(exam: &mut Exam) -> Result<(), Problem> {
    let action =
        |exam: &Exam, _: &Event| Action::UnpublishIntegration(exam.platform.info().client_id.clone());
    ends_by(exam, action, publish).await
}

pub(super) async fn suspended(exam: &mut Exam) -> Result<(), Problem> {
    let action = |exam: &Exam, _: &Event| Action::SuspendIntegration(exam.platform.info().client_id.clone());
    ends_by(exam, action, publish).await
}

/// Publishes the integration again. If it was not unpublished, nothing happens.
async fn publish(exam: &Exam) {
    let client_id = exam.platform.info().client_id.clone();
    let _ = exam
        .platform
        .sandbox()
        .perform(Action::PublishIntegration(client_id))
        .await;
}

pub(super) async fn unpublished_event(exam: &mut Exam) -> Result<(), Problem> {
    let event = steps::working(exam).await?;
    exam.perform(Action::UnpublishEvent(event.id.clone())).await?;
    exam.quiet().await;
    let read = exam.read_all(&event).await;
    exam.perform(Action::PublishEvent(event.id.clone())).await?;
    read.map(drop)
}
