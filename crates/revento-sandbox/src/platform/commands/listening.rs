//! Listeners come, leave and are away.

use super::error::CommandError;
use super::webhooks;
use crate::platform::config::Integration;
use crate::platform::context::Context;
use crate::platform::records::{Delivery, DeliveryStatus, Listener};
use crate::platform::state::State;
use crate::primitives::time::Time;

/// The error of an attempt for a listener that is away. Its return repeats the attempt.
pub(crate) const AWAY: &str =
    "the listener was away; the delivery is attempted again when it comes back, or by the schedule";
/// The error of an attempt whose listener left. Its return repeats the attempt.
pub(crate) const LEFT: &str = "the listener left before it answered; the delivery is attempted again when it comes back, or by the schedule";

/// Checks the types that a listener wants to take.
pub(crate) fn check_types(integration: &Integration, event_types: &[String]) -> Result<(), CommandError> {
    let declared = &integration.event_types;
    match event_types.iter().find(|name| !declared.contains(name)) {
        Some(unknown) => Err(CommandError::NotFound(format!(
            "'{}' does not declare the type '{unknown}'; it declares {}.",
            integration.client_id,
            declared.join(", ")
        ))),
        None => Ok(()),
    }
}

/// A listener takes the integration's webhooks from now on. Returns how many deliveries are attempted again at once, because
/// the listener was away when they were due.
pub(crate) fn begin(state: &mut State, context: Context<'_>, listener: Listener) -> usize {
    let missed: Vec<String> = state
        .due_deliveries()
        .filter_map(|(_, id)| state.deliveries.get(id))
        .filter(|row| row.client_id == listener.client_id && was_missed(row))
        .map(|row| row.id.clone())
        .collect();
    state.listeners.put(listener);
    missed
        .iter()
        .filter(|id| webhooks::replay(state, context, id).is_ok())
        .count()
}

fn was_missed(row: &Delivery) -> bool {
    let last = row.attempts.last().and_then(|attempt| attempt.error.as_deref());
    row.status == DeliveryStatus::Pending && matches!(last, Some(AWAY | LEFT))
}

/// The listener is away. It may come back.
pub(crate) fn away(state: &mut State, client_id: &str, id: &str, real_now: Time) {
    if state.listeners.get(client_id).is_some_and(|row| row.id == id) {
        state
            .listeners
            .change(client_id, |row| row.away_since = Some(real_now));
    }
}

/// The listener has left for good: the registered URL gets the webhooks again. Returns its integration.
pub(crate) fn end(state: &mut State, id: &str) -> Result<String, CommandError> {
    let client_id = state
        .listeners
        .iter()
        .find(|row| row.id == id)
        .map(|row| row.client_id.clone())
        .ok_or_else(|| CommandError::missing("listener", id))?;
    state.listeners.remove(&client_id);
    Ok(client_id)
}

/// At the start of the sandbox no listener is connected.
pub(crate) fn all_away(state: &mut State, real_now: Time) {
    let connected: Vec<Listener> = state
        .listeners
        .iter()
        .filter(|row| row.away_since.is_none())
        .cloned()
        .collect();
    for row in connected {
        away(state, &row.client_id, &row.id, real_now);
    }
}
