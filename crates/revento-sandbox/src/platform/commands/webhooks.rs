//! Queueing webhooks for delivery (contract §4).

use serde::Serialize;
use serde_json::Value;

use super::error::CommandError;
use crate::decisions;
use crate::platform::config::Integration;
use crate::platform::context::Context;
use crate::platform::queries::connections;
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

/// Queues a webhook for every integration that is connected to the event and subscribed to the type.
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
        let connected = connections::is_connected(state, &integration.client_id, event_id);
        if connected || !decisions::ONLY_CONNECTED_RECEIVE {
            enqueue(state, context, integration, subject, event_type, data);
        }
    }
}

/// Queues a webhook for one integration, if it is subscribed to the type and has a webhook URL. Returns the delivery's id.
pub(crate) fn enqueue(
    state: &mut State,
    context: Context<'_>,
    integration: &Integration,
    subject: Subject<'_>,
    event_type: &str,
    data: &Value,
) -> Option<String> {
    let url = integration.webhook_url.clone()?;
    if !integration
        .event_types
        .iter()
        .any(|subscribed| subscribed == event_type)
    {
        return None;
    }
    let entropy = &context.config.entropy;
    let drawn = (entropy.uuid(Purpose::Delivery), entropy.hex(Purpose::Delivery));
    let (Ok(id), Ok(random)) = drawn else {
        tracing::error!(
            event_type,
            "no random bytes for a delivery id; the webhook was not queued"
        );
        return None;
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
        url,
        body,
        created_at: context.now,
        number,
        status: DeliveryStatus::Pending,
        next_attempt_at: Some(context.now),
        replay_at: None,
        failures: 0,
        attempts: Vec::new(),
    });
    Some(id)
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
