//! Changing activities, and publishing events.

use super::error::CommandError;
use super::{scheduled, webhooks};
use crate::decisions;
use crate::platform::context::Context;
use crate::platform::queries::snapshot;
use crate::platform::records::{Activity, PublishStatus};
use crate::platform::state::State;
use crate::primitives::whole_number;

/// A change of an activity. Absent fields stay as they are.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ActivityChange {
    pub(crate) title: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) location_id: Option<String>,
    #[serde(default, deserialize_with = "whole_number::optional")]
    pub(crate) capacity: Option<u32>,
    #[serde(default, deserialize_with = "whole_number::optional")]
    pub(crate) signups: Option<u32>,
}

/// Changes an activity. A change of its title, status, location or capacity sends `activity.updated`. A change of its
/// capacity state sends `activity.capacity_state_changed` when signups have not changed for a while.
pub(crate) fn change_activity(
    state: &mut State,
    context: Context<'_>,
    id: &str,
    change: ActivityChange,
) -> Result<Activity, CommandError> {
    let mut row = state
        .activities
        .get(id)
        .cloned()
        .ok_or_else(|| CommandError::missing("activity", id))?;
    if let Some(location) = &change.location_id
        && state
            .locations
            .get(location)
            .is_none_or(|known| known.event_id != row.event_id)
    {
        return Err(CommandError::missing("location at this event", location));
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
    row.updated_at = context.now;
    state.activities.put(row.clone());
    if edited {
        let data = snapshot::activity(&row);
        webhooks::enqueue_for_connected(state, context, &row.event_id, "activity.updated", &data);
    }
    if row.capacity_state() != before.capacity_state() || state.capacity_notices.contains(id) {
        scheduled::debounce_capacity(state, context, &before);
    }
    Ok(row)
}

/// Publishes or unpublishes an event. Unpublishing ends nothing (contract §2.6).
pub(crate) fn publish(
    state: &mut State,
    context: Context<'_>,
    event_id: &str,
    published: bool,
) -> Result<(), CommandError> {
    let (wanted, event_type) = match published {
        true => (PublishStatus::Published, decisions::EVENT_PUBLISHED),
        false => (PublishStatus::Unpublished, "event.unpublished"),
    };
    let mut event = state
        .events
        .get(event_id)
        .cloned()
        .ok_or_else(|| CommandError::missing("event", event_id))?;
    if event.publish_status == PublishStatus::Archived {
        return Err(CommandError::Conflict(format!(
            "'{event_id}' is archived, which is final."
        )));
    }
    if event.publish_status == wanted {
        return Err(CommandError::Conflict(format!(
            "'{event_id}' is already {}.",
            wanted.as_str()
        )));
    }
    event.publish_status = wanted;
    event.updated_at = context.now;
    state.events.put(event.clone());
    webhooks::enqueue_for_connected(state, context, event_id, event_type, &snapshot::event(&event));
    Ok(())
}
