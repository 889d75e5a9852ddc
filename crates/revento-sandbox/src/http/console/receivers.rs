//! Which integrations get no webhooks, why not, and the button that connects an event without a browser flow.

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};

use super::form::ConsoleForm;
use super::parts;
use crate::http::error_response::ErrorResponse;
use crate::http::extract::SharedRuntime;
use crate::platform::announcement::NotSent;
use crate::platform::commands::{CommandError, receivers};
use crate::platform::config::Integration;
use crate::platform::context::Context;
use crate::platform::oauth::exchange::connect_at_once;
use crate::platform::oauth::tokens::FreshPair;
use crate::platform::queries::connections;
use crate::platform::records::Connection;
use crate::platform::state;
use crate::runtime::Runtime;

/// Says for each integration that gets no webhooks about the event why not. `back` is the page that shows it.
pub(super) fn event_notices(
    runtime: &Runtime,
    state: &state::State,
    context: Context<'_>,
    event_id: &str,
    back: &str,
) -> Markup {
    html! {
        @for integration in &runtime.config.integrations {
            (notice(runtime, state, context, integration, event_id, back))
        }
    }
}

/// Says why an integration gets no webhooks about an event, if so.
fn notice(
    runtime: &Runtime,
    state: &state::State,
    context: Context<'_>,
    integration: &Integration,
    event_id: &str,
    back: &str,
) -> Markup {
    html! {
        @if let Some(objection) = receivers::objection(state, context, integration, event_id) {
            div.notice {
                p { strong { "No webhooks: " } (objection.message) }
                @if objection.reason == NotSent::NotConnected {
                    (connect_button(runtime, &integration.client_id, event_id, back))
                }
            }
        }
    }
}

/// The notices of a page that is not about one event: that nothing is connected, or why an integration gets no webhooks about an event
/// that is.
pub(super) fn general_notices(
    runtime: &Runtime,
    state: &state::State,
    context: Context<'_>,
    back: &str,
) -> Markup {
    let connectable = runtime.config.integrations.iter().find_map(|integration| {
        let mut events = state.events.iter().map(|event| event.id.as_str());
        let open = events.find(|id| {
            receivers::objection_to_event(state, integration, id)
                .is_some_and(|objection| objection.reason == NotSent::NotConnected)
        })?;
        Some((integration.client_id.as_str(), open))
    });
    html! {
        @if connections::count_live(state) == 0 {
            div.notice {
                p {
                    strong { "Nothing is connected. " }
                    "The sandbox sends webhooks about connected events only. Start the connect flow of your integration and \
                     authorize it, or connect an event here, as an organizer who authorizes all scopes. \
                     POST /_sandbox/deliveries/test sends a webhook about an event that is not connected."
                }
                @if let Some((client_id, event_id)) = connectable {
                    (connect_button(runtime, client_id, event_id, back))
                }
            }
        } @else {
            @for integration in &runtime.config.integrations {
                @if let Some(connection) = live_connection(state, &integration.client_id) {
                    (notice(runtime, state, context, integration, &connection.event_id, back))
                }
            }
        }
    }
}

/// A connection of the integration that has not ended, or else one of another integration.
fn live_connection<'s>(state: &'s state::State, client_id: &str) -> Option<&'s Connection> {
    let live = || state.connections.iter().filter(|row| row.ended.is_none());
    live()
        .find(|row| row.client_id == client_id)
        .or_else(|| live().next())
}

fn connect_button(runtime: &Runtime, client_id: &str, event_id: &str, back: &str) -> Markup {
    let fields = [("client_id", client_id), ("event_id", event_id), ("back", back)];
    let label = format!("Connect {event_id}");
    parts::button(
        runtime,
        "/console/connections/connect",
        &fields,
        &label,
        "primary small",
    )
}

/// Connects an event as an organizer who authorizes all scopes. The tokens go to nobody.
pub(super) async fn connect(
    State(runtime): SharedRuntime,
    form: ConsoleForm,
) -> Result<Response, ErrorResponse> {
    let (client_id, event_id) = (form.text("client_id"), form.text("event_id"));
    let fresh = FreshPair::draw(&runtime.config.entropy)?;
    let result = runtime
        .write(|state, context| {
            let integration = context
                .config
                .integration(client_id)
                .ok_or_else(|| CommandError::missing("integration", client_id))?;
            connect_at_once(state, context.now, integration, event_id, None, fresh)
                .map(drop)
                .map_err(|error| CommandError::Conflict(error.description))
        })
        .await?;
    Ok(form.respond("/console/connections", result))
}
