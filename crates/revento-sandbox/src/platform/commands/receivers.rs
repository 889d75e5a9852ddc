//! Whether an integration gets webhooks, and if not, why not.

use crate::decisions;
use crate::platform::announcement::{NotSent, Objection};
use crate::platform::config::Integration;
use crate::platform::context::Context;
use crate::platform::oauth::authorize::admission;
use crate::platform::queries::{connections, listeners};
use crate::platform::records::Flow;
use crate::platform::state::State;

/// Why an integration gets no webhook about an event; `None` if it is connected.
pub(crate) fn objection_to_event(
    state: &State,
    integration: &Integration,
    event_id: &str,
) -> Option<Objection> {
    let client_id = &integration.client_id;
    if !decisions::ONLY_CONNECTED_RECEIVE || connections::is_connected(state, client_id, event_id) {
        return None;
    }
    let refused = state
        .events
        .get(event_id)
        .and_then(|event| admission(integration, state, event, Flow::Installation).err());
    let not = format!("'{client_id}' is not connected to '{event_id}'");
    Some(match refused {
        None => Objection::new(
            NotSent::NotConnected,
            format!(
                "{not}. Connect it in the browser, or with POST /_sandbox/connect {{\"event_id\":\"{event_id}\",\"client_id\":\"{client_id}\"}}."
            ),
        ),
        Some(error) => Objection::new(
            NotSent::CannotConnect,
            format!("{not} and cannot be: {}", error.description),
        ),
    })
}

/// Why an integration gets no webhook of a type, whatever it is about; `None` if it gets it.
pub(crate) fn objection_to_type(
    state: &State,
    context: Context<'_>,
    integration: &Integration,
    event_type: &str,
) -> Option<Objection> {
    let client_id = &integration.client_id;
    if !integration
        .event_types
        .iter()
        .any(|declared| declared == event_type)
    {
        let text = format!("'{client_id}' does not declare {event_type}. Add the type to its manifest.");
        return Some(Objection::new(NotSent::TypeNotDeclared, text));
    }
    let listener = listeners::taking(state, context, client_id, event_type);
    (integration.webhook_url.is_none() && listener.is_none()).then(|| no_webhook_url(client_id))
}

/// Why an integration gets no webhook about an event, of whatever type it declares.
pub(crate) fn objection(
    state: &State,
    context: Context<'_>,
    integration: &Integration,
    event_id: &str,
) -> Option<Objection> {
    objection_to_event(state, integration, event_id).or_else(|| {
        let client_id = &integration.client_id;
        let mut types = integration.event_types.iter();
        let listens = types.any(|name| listeners::taking(state, context, client_id, name).is_some());
        (integration.webhook_url.is_none() && !listens).then(|| no_webhook_url(client_id))
    })
}

fn no_webhook_url(client_id: &str) -> Objection {
    Objection::new(
        NotSent::NoWebhookUrl,
        format!(
            "'{client_id}' has no webhook URL. Start the sandbox with --webhook-url, or run `revento listen`."
        ),
    )
}
