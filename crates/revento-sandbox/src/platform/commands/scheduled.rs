//! What the platform does by itself at a later time: announcing changed capacity states, and restoring the test data.

use serde_json::Value;

use super::webhooks;
use crate::decisions;
use crate::platform::context::Context;
use crate::platform::queries::snapshot;
use crate::platform::records::{Activity, CapacityNotice};
use crate::platform::state::State;
use crate::primitives::time::Time;

const CAPACITY_STATE_CHANGED: &str = "activity.capacity_state_changed";

/// When the next announcement or the weekly reset is due.
pub(crate) fn next_due(state: &State) -> Option<Time> {
    let notices = state.capacity_notices.iter().map(|notice| notice.due_at);
    notices.chain(state.weekly_reset_at()).min()
}

/// Makes every announcement that is due. The weekly reset is no command: it follows every change of the state.
pub(crate) fn run_due(state: &mut State, context: Context<'_>) {
    let due: Vec<CapacityNotice> = state
        .capacity_notices
        .iter()
        .filter(|row| row.due_at <= context.now)
        .cloned()
        .collect();
    for notice in due {
        state.capacity_notices.remove(&notice.activity_id);
        let Some(activity) = state.activities.get(&notice.activity_id).cloned() else {
            continue;
        };
        if activity.capacity_state() != notice.announced {
            let data: Value = snapshot::activity_capacity(&activity);
            webhooks::enqueue_for_connected(
                state,
                context,
                &activity.event_id,
                CAPACITY_STATE_CHANGED,
                &data,
            );
        }
    }
}

/// Schedules the announcement of a changed capacity state. Each change of signups starts the wait again. A state that
/// changes back before its announcement is not announced.
pub(crate) fn debounce_capacity(state: &mut State, context: Context<'_>, before: &Activity) {
    let announced = match state.capacity_notices.get(&before.id) {
        Some(waiting) => waiting.announced.clone(),
        None => before.capacity_state().to_owned(),
    };
    state.capacity_notices.put(CapacityNotice {
        activity_id: before.id.clone(),
        announced,
        due_at: context.now.plus_seconds(decisions::CAPACITY_DEBOUNCE_S),
    });
    webhooks::announce_delayed(
        state,
        context,
        &before.event_id,
        CAPACITY_STATE_CHANGED,
        decisions::CAPACITY_DEBOUNCE_S,
    );
}
