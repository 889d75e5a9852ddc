//! Changes of the program and of publishing.

use super::{Refused, Scene, chores, emit};
use crate::platform::read::snapshot;
use crate::platform::records::{Activity, PublishStatus};
use crate::platform::state::State;

/// What an organizer changes about an activity.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActivityChange {
    pub(crate) title: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) location_id: Option<String>,
    pub(crate) capacity: Option<u32>,
    pub(crate) signups: Option<u32>,
}

/// Changes an activity. A change of its texts, place or size is `activity.updated`; one that moves it over a
/// border between open, almost full and full is `activity.capacity_state_changed`, once signups are quiet.
pub(crate) fn change_activity(
    state: &mut State,
    scene: Scene<'_>,
    id: &str,
    change: ActivityChange,
) -> Result<Activity, Refused> {
    let mut row = state
        .activities
        .get(id)
        .cloned()
        .ok_or_else(|| Refused::missing("activity", id))?;
    if let Some(location) = &change.location_id
        && state
            .locations
            .get(location)
            .is_none_or(|known| known.event_id != row.event_id)
    {
        return Err(Refused::missing("location at this event", location));
    }
    let before = row.clone();
    let edited = change.title.is_some()
        || change.status.is_some()
        || change.location_id.is_some()
        || change.capacity.is_some();
    row.title = change.title.unwrap_or(row.title);
    row.status = change.status.unwrap_or(row.status);
    row.location_id = change.location_id.unwrap_or(row.location_id);
    row.capacity = change.capacity.unwrap_or(row.capacity);
    row.signups = change.signups.unwrap_or(row.signups);
    row.updated_at = scene.now;
    state.activities.put(row.clone());
    if edited {
        let data = snapshot::activity(&row);
        emit::tell_connected(state, scene, &row.event_id, "activity.updated", &data);
    }
    if row.capacity_state() != before.capacity_state() || state.notices.contains(id) {
        chores::debounce(state, scene, &before);
    }
    Ok(row)
}

/// Publishes an event or takes it back. Unpublishing ends nothing (contract section 2.6).
pub(crate) fn publish(
    state: &mut State,
    scene: Scene<'_>,
    event_id: &str,
    published: bool,
) -> Result<(), Refused> {
    let (wanted, event_type) = match published {
        true => (PublishStatus::Published, "event.published"),
        false => (PublishStatus::Unpublished, "event.unpublished"),
    };
    let mut event = state
        .events
        .get(event_id)
        .cloned()
        .ok_or_else(|| Refused::missing("event", event_id))?;
    if event.publish_status == PublishStatus::Archived {
        return Err(Refused::Conflict(format!(
            "'{event_id}' is archived; that is final."
        )));
    }
    if event.publish_status == wanted {
        return Err(Refused::Conflict(format!(
            "'{event_id}' is {} already.",
            wanted.as_str()
        )));
    }
    event.publish_status = wanted;
    event.updated_at = scene.now;
    state.events.put(event.clone());
    emit::tell_connected(state, scene, event_id, event_type, &snapshot::event(&event));
    Ok(())
}
