//! Test deliveries: webhooks of any declared type, signed and sent as all others, although nothing has happened.

use serde_json::{Map, Value};

use super::error::CommandError;
use super::receivers;
use super::samples;
use super::webhooks::{self, Subject};
use crate::platform::announcement::{NotSent, Objection};
use crate::platform::config::{EVENT_TYPES, Integration};
use crate::platform::context::Context;
use crate::platform::queries::{connections, members};
use crate::platform::records::{Event, PublishStatus};
use crate::platform::state::State;

/// What to send.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestDelivery {
    #[serde(rename = "type")]
    event_type: String,
    /// The event. If absent: one that is connected, or else one that could be. It need not be connected.
    event_id: Option<String>,
    /// The integration; the first one, if absent.
    client_id: Option<String>,
    /// The whole `data`, instead of data that is made from the test data.
    data: Option<Map<String, Value>>,
    /// Members to change, by their path such as `data.custom_form_fields.size`.
    #[serde(default)]
    set: Map<String, Value>,
}

/// Queues a test delivery and returns its id.
pub(crate) fn send(
    state: &mut State,
    context: Context<'_>,
    wanted: TestDelivery,
) -> Result<String, CommandError> {
    let integration = integration(context, wanted.client_id.as_deref())?;
    let event_type = wanted.event_type.as_str();
    if let Some(objection) = receivers::objection_to_type(state, context, integration, event_type) {
        return Err(refusal(integration, event_type, objection));
    }
    let event = match wanted.event_id.as_deref() {
        Some(id) => state.events.get(id),
        None => default_event(state, integration),
    };
    let missing = || CommandError::missing("event", wanted.event_id.as_deref().unwrap_or_default());
    let event = event.cloned().ok_or_else(missing)?;
    let mut data = match wanted.data {
        Some(data) => Value::Object(data),
        None => samples::data(state, context, &integration.client_id, &event, event_type)?,
    };
    for (path, value) in wanted.set {
        members::set(&mut data, &path, value).map_err(CommandError::NotFound)?;
    }
    let subject = match event_type {
        "integration.suspended" => Subject::default(),
        _ => Subject {
            event_id: Some(&event.id),
            organization_id: Some(&event.organization_id),
        },
    };
    webhooks::enqueue(state, context, integration, subject, event_type, &data)
        .ok_or_else(|| CommandError::Conflict("The webhook could not be queued. Try again.".to_owned()))
}

/// The error for a type that the integration does not get.
fn refusal(integration: &Integration, event_type: &str, objection: Objection) -> CommandError {
    if objection.reason != NotSent::TypeNotDeclared {
        return CommandError::Conflict(objection.message);
    }
    let declared = integration.event_types.join(", ");
    if !EVENT_TYPES.contains(&event_type) {
        let text = format!(
            "There is no webhook type '{event_type}'. '{}' declares {declared}.",
            integration.client_id
        );
        return CommandError::NotFound(text);
    }
    let declared = if declared.is_empty() { "no type" } else { &declared };
    CommandError::Conflict(format!("{} It declares {declared}.", objection.message))
}

fn integration<'c>(context: Context<'c>, client_id: Option<&str>) -> Result<&'c Integration, CommandError> {
    match client_id {
        Some(id) => context.config.integration(id),
        None => context.config.integrations.first(),
    }
    .ok_or_else(|| CommandError::missing("integration", client_id.unwrap_or_default()))
}

/// A connected event, or else one that can be connected, or else any.
fn default_event<'s>(state: &'s State, integration: &Integration) -> Option<&'s Event> {
    let connected = |event: &&Event| connections::is_connected(state, &integration.client_id, &event.id);
    let open = |event: &&Event| {
        let organization = state.organizations.get(&event.organization_id);
        event.publish_status == PublishStatus::Published && organization.is_some_and(|row| row.is_formal())
    };
    let events = || state.events.iter();
    events()
        .find(connected)
        .or_else(|| events().find(open))
        .or_else(|| events().next())
}
