//! Putting webhooks into the delivery log (contract section 4).

use serde::Serialize;
use serde_json::Value;

use super::Scene;
use crate::decisions;
use crate::machine::entropy::Purpose;
use crate::machine::time::Time;
use crate::platform::config::Integration;
use crate::platform::oauth::tokens;
use crate::platform::records::{Delivery, DeliveryStatus};
use crate::platform::state::State;

/// What a webhook is about.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Subject<'a> {
    pub(crate) event_id: Option<&'a str>,
    pub(crate) organization_id: Option<&'a str>,
}

/// The signed envelope (contract section 4.2): all six fields, always.
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

/// Tells every integration that is connected to an event and subscribed to the type.
pub(crate) fn tell_connected(
    state: &mut State,
    scene: Scene<'_>,
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
    for integration in &scene.config.integrations {
        let connected = tokens::is_connected(state, &integration.client_id, event_id);
        if connected || !decisions::ONLY_CONNECTED_HEAR {
            tell(state, scene, integration, subject, event_type, data);
        }
    }
}

/// Tells one integration, if it subscribed to the type and has a webhook URL. Returns the delivery's id.
pub(crate) fn tell(
    state: &mut State,
    scene: Scene<'_>,
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
    let drawn = || scene.config.entropy.uuid(Purpose::Delivery);
    let (Ok(id), Ok(envelope_id)) = (drawn(), drawn()) else {
        tracing::error!(
            event_type,
            "no random bytes for a delivery id; the webhook was not recorded"
        );
        return None;
    };
    let envelope = Envelope {
        id: &envelope_id,
        event_type,
        occurred_at: scene.now,
        event_id: subject.event_id,
        organization_id: subject.organization_id,
        data,
    };
    let body = serde_json::to_string(&envelope).unwrap_or_default();
    let number = state.count("deliveries");
    state.put_delivery(Delivery {
        id: id.clone(),
        client_id: integration.client_id.clone(),
        envelope_id,
        event_type: event_type.to_owned(),
        event_id: subject.event_id.map(str::to_owned),
        url,
        body,
        created_at: scene.now,
        number,
        status: DeliveryStatus::Pending,
        next_attempt_at: Some(scene.now),
        failures: 0,
        attempts: Vec::new(),
    });
    Some(id)
}

/// Sends a delivery again under its id: from the log, or from the dead-letter queue.
pub(crate) fn replay(state: &mut State, scene: Scene<'_>, id: &str) -> Result<(), super::Refused> {
    let mut delivery = state
        .deliveries
        .get(id)
        .cloned()
        .ok_or_else(|| super::Refused::missing("delivery", id))?;
    delivery.status = DeliveryStatus::Pending;
    delivery.next_attempt_at = Some(scene.now);
    if decisions::REPLAY_RESTARTS_SCHEDULE {
        delivery.failures = 0;
    }
    state.count("replays");
    state.put_delivery(delivery);
    Ok(())
}
