//! Connections between integrations and events.

use crate::platform::context::Context;
use crate::platform::records::{Connection, Flow};
use crate::platform::state::State;

/// The id of an integration's connection to an event.
pub(crate) fn id(client_id: &str, event_id: &str) -> String {
    format!("con_{client_id}_{event_id}")
}

/// The connection of an integration to an event, unless it has ended.
pub(crate) fn live<'s>(state: &'s State, client_id: &str, event_id: &str) -> Option<&'s Connection> {
    state
        .connections
        .get(&id(client_id, event_id))
        .filter(|connection| connection.ended.is_none())
}

pub(crate) fn is_connected(state: &State, client_id: &str, event_id: &str) -> bool {
    live(state, client_id, event_id).is_some()
}

/// How many connections have not ended.
pub(crate) fn count_live(state: &State) -> usize {
    state.connections.iter().filter(|row| row.ended.is_none()).count()
}

/// The status of a connection: `active`, `revoked`, or `consent_required` when no token can be refreshed any more or
/// the manifest declares a scope that the organizer has not seen.
pub(crate) fn status(state: &State, context: Context<'_>, connection: &Connection) -> &'static str {
    if connection.ended.is_some() {
        return "revoked";
    }
    let known = |name: &String| connection.declared.is_empty() || connection.declared.contains(name);
    let has_new_scope = context
        .config
        .integration(&connection.client_id)
        .is_some_and(|integration| integration.scopes.iter().any(|scope| !known(&scope.name)));
    let usable = state.families.iter().any(|family| {
        family.flow == Flow::Installation
            && family.client_id == connection.client_id
            && family.event_id == connection.event_id
            && family.revoked.is_none()
            && family.refresh_expires_at > context.now
    });
    if usable && !has_new_scope {
        "active"
    } else {
        "consent_required"
    }
}
