//! Applications of users to events.

use crate::platform::records::Participant;
use crate::platform::state::State;

/// The application of a user to an event, if there is one.
pub(crate) fn of_user<'s>(state: &'s State, event_id: &str, user_id: &str) -> Option<&'s Participant> {
    let event = state.events.get(event_id)?;
    let prefix = format!("par_{}_", event.slug);
    let found = state
        .participants
        .range(&prefix, None)
        .find(|row| row.user_id == user_id)
        .map(|row| row.id.clone());
    state.participants.get(&found?)
}
