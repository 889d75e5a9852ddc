//! Which listener takes the webhooks of an integration.

use crate::platform::context::Context;
use crate::platform::records::Listener;
use crate::platform::state::State;

/// The listener that takes the integration's webhooks of this type. It may be away for a moment.
pub(crate) fn taking<'s>(
    state: &'s State,
    context: Context<'_>,
    client_id: &str,
    event_type: &str,
) -> Option<&'s Listener> {
    // Whether a listener comes back does not depend on the sandbox clock.
    let real_now = context.now.plus_micros(-state.clock_offset());
    state
        .listeners
        .get(client_id)
        .filter(|listener| listener.takes(event_type, real_now))
}
