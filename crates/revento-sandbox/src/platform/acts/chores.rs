//! What the platform does by itself when the time has come.

use serde_json::Value;

use super::{Scene, emit};
use crate::decisions;
use crate::machine::time::Time;
use crate::platform::read::snapshot;
use crate::platform::records::{Activity, CapacityNotice};
use crate::platform::state::State;

/// When the next chore is due.
pub(crate) fn next(state: &State) -> Option<Time> {
    state.notices.iter().map(|notice| notice.due_at).min()
}

/// Does every chore that is due.
pub(crate) fn run(state: &mut State, scene: Scene<'_>) {
    let due: Vec<CapacityNotice> = state
        .notices
        .iter()
        .filter(|row| row.due_at <= scene.now)
        .cloned()
        .collect();
    for notice in due {
        state.notices.remove(&notice.activity_id);
        let Some(activity) = state.activities.get(&notice.activity_id).cloned() else {
            continue;
        };
        if activity.capacity_state() != notice.announced {
            let data: Value = snapshot::activity_capacity(&activity);
            emit::tell_connected(
                state,
                scene,
                &activity.event_id,
                "activity.capacity_state_changed",
                &data,
            );
        }
    }
}

/// Remembers that signups moved. Each movement starts the quiet time anew; going back and forth tells nothing.
pub(crate) fn debounce(state: &mut State, scene: Scene<'_>, before: &Activity) {
    let announced = match state.notices.get(&before.id) {
        Some(waiting) => waiting.announced.clone(),
        None => before.capacity_state().to_owned(),
    };
    state.notices.put(CapacityNotice {
        activity_id: before.id.clone(),
        announced,
        due_at: scene.now.plus_seconds(decisions::CAPACITY_DEBOUNCE_S),
    });
}
