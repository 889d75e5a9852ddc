//! Queueing webhooks for delivery (contract §4).

use serde::Serialize;
use serde_json::Value;

use super::error::CommandError;
use super::receivers;
use crate::decisions;
use crate::platform::announcement::{Announcement, NotSent, Objection, Outcome};
use crate::platform::config::Integration;
use crate::platform::context::Context;
use crate::platform::queries::listeners;
use crate::platform::records::{Delivery, DeliveryStatus};
use crate::platform::state::State;
use crate::primitives::entropy::Purpose;
use crate::primitives::time::Time;

/// The event and organization that a webhook is about.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Subject<'a> {
    pub(crate) event_id: Option<&'a str>,
    pub(crate) organization_id: Option<&'a str>,
}

/// The signed envelope. All six fields are always present (contract §4.2).
#[derive(Serialize)]
struct Envelope<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    event_type: &'a str,
    occurred_at: Time,
    event_id: Option<&'a str>,
    organization_id: Option<&'a str>,
    data: &'a Value,
}

/// Queues a webhook for every integration that is connected to the event and declares the type.
pub(crate) fn enqueue_for_connected(
    state: &mut State,
    context: Context<'_>,
    event_id: &str,
    event_type: &str,
    data: &Value,
) {
    let organization_id = state
        .events
        .get(event_id)
        .map(|event| event.organization_id.clone());
    let subject = Subject {
        event_id: Some(event_id),
        organization_id: organization_id.as_deref(),
    };
    for integration in &context.config.integrations {
        match receivers::objection_to_event(state, integration, event_id) {
            None => drop(enqueue(state, context, integration, subject, event_type, data)),
            Some(objection) => {
                let outcome = Outcome::NotSent(objection);
                announce(state, integration, subject.event_id, event_type, outcome);
            }
        }
    }
}

/// Announces a webhook that follows later, if nothing changes meanwhile.
pub(crate) fn announce_delayed(
    state: &mut State,
    context: Context<'_>,
    event_id: &str,
    event_type: &str,
    seconds: i64,
) {
    for integration in &context.config.integrations {
        let objection = receivers::objection_to_event(state, integration, event_id)
            .or_else(|| receivers::objection_to_type(state, context, integration, event_type));
        let outcome = objection.map_or(Outcome::Delayed { delayed_s: seconds }, Outcome::NotSent);
        announce(state, integration, Some(event_id), event_type, outcome);
    }
}

/// Announces that an action ends no connection of these integrations, so that no deletion is required.
pub(crate) fn announce_nothing_ended(state: &mut State, integrations: &[&Integration]) {
    for integration in integrations {
        let text = format!(
            "'{}' had no connection that this could end. POST /_sandbox/reset restores the test data; connect an event \
             with POST /_sandbox/connect before you end it.",
            integration.client_id
        );
        let outcome = Outcome::NotSent(Objection::new(NotSent::NothingEnded, text));
        announce(state, integration, None, "data.deletion_required", outcome);
    }
}

fn announce(
    state: &mut State,
    integration: &Integration,
    event_id: Option<&str>,
    event_type: &str,
    outcome: Outcome,
) {
    state.announced.push(Announcement {
        client_id: integration.client_id.clone(),
        event_type: event_type.to_owned(),
        event_id: event_id.map(str::to_owned),
        outcome,
    });
}

/// Queues a webhook for one integration, if it declares the type and has a webhook URL or a listener, and announces what became of it.
/// Returns the delivery's id.
pub(crate) fn enqueue(
    state: &mut State,
    context: Context<'_>,
    integration: &Integration,
    subject: Subject<'_>,
    event_type: &str,
    data: &Value,
) -> Option<String> {
    let queued = match receivers::objection_to_type(state, context, integration, event_type) {
        None => queue(state, context, integration, subject, event_type, data),
        Some(objection) => Err(objection),
    };
    let (id, outcome) = match queued {
        Ok(delivery_id) => {
            let message = waits_for_listener(state, context, integration, event_type);
            (
                Some(delivery_id.clone()),
                Outcome::Queued { delivery_id, message },
            )
        }
        Err(objection) => (None, Outcome::NotSent(objection)),
    };
    announce(state, integration, subject.event_id, event_type, outcome);
    id
}

/// What to say of a webhook whose listener is away.
fn waits_for_listener(
    state: &State,
    context: Context<'_>,
    integration: &Integration,
    event_type: &str,
) -> Option<String> {
    let client_id = &integration.client_id;
    let listener = listeners::taking(state, context, client_id, event_type)?;
    listener.away_since?;
    Some(format!(
        "The listener of '{client_id}' is away; the webhook waits until it is back. \
         DELETE /_sandbox/listeners/{} gives the webhooks back to the registered URL.",
        listener.id
    ))
}

fn queue(
    state: &mut State,
    context: Context<'_>,
    integration: &Integration,
    subject: Subject<'_>,
    event_type: &str,
    data: &Value,
) -> Result<String, Objection> {
    let entropy = &context.config.entropy;
    let drawn = (entropy.uuid(Purpose::Delivery), entropy.hex(Purpose::Delivery));
    let (Ok(id), Ok(random)) = drawn else {
        tracing::error!(
            event_type,
            "no random bytes for a delivery id; the webhook was not queued"
        );
        let text = "The machine has no random bytes for a delivery id. Try again.";
        return Err(Objection::new(NotSent::NoRandomBytes, text));
    };
    let envelope_id = format!("{}{random}", decisions::ENVELOPE_ID_PREFIX);
    let envelope = Envelope {
        id: &envelope_id,
        event_type,
        occurred_at: context.now,
        event_id: subject.event_id,
        organization_id: subject.organization_id,
        data,
    };
    let body = serde_json::to_string(&envelope).unwrap_or_default();
    let number = state.increment("deliveries");
    state.put_delivery(Delivery {
        id: id.clone(),
        client_id: integration.client_id.clone(),
        envelope_id,
        event_type: event_type.to_owned(),
        event_id: subject.event_id.map(str::to_owned),
        url: integration.webhook_url.clone().unwrap_or_default(),
        body,
        created_at: context.now,
        number,
        status: DeliveryStatus::Pending,
        next_attempt_at: Some(context.now),
        replay_at: None,
        failures: 0,
        attempts: Vec::new(),
    });
    Ok(id)
}

/// Sends a delivery once more under the same id, also from the dead-letter queue. The retry schedule goes on unchanged, if
/// it has not ended.
pub(crate) fn replay(state: &mut State, context: Context<'_>, id: &str) -> Result<(), CommandError> {
    let mut delivery = state
        .deliveries
        .get(id)
        .cloned()
        .ok_or_else(|| CommandError::missing("delivery", id))?;
    if decisions::REPLAY_RESTARTS_SCHEDULE {
        delivery.status = DeliveryStatus::Pending;
        delivery.next_attempt_at = Some(context.now);
        delivery.failures = 0;
    } else {
        delivery.replay_at = Some(context.now);
    }
    state.increment("replays");
    state.put_delivery(delivery);
    Ok(())
}
