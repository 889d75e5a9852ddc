//! The `data` of a webhook of each type, made from the test data without changing it.

use serde_json::Value;

use super::error::CommandError;
use super::payloads;
use crate::platform::context::Context;
use crate::platform::queries::snapshot;
use crate::platform::records::{Activity, ApplicationStatus, Event, Participant, PublishStatus, Review};
use crate::platform::state::State;

/// The data of a webhook of this type about the event, as the platform could send it now.
pub(crate) fn data(
    state: &State,
    context: Context<'_>,
    client_id: &str,
    event: &Event,
    event_type: &str,
) -> Result<Value, CommandError> {
    let application = |status, action: Option<&str>| {
        let row = applicant(state, context, event, status, action)?;
        Ok(snapshot::application(&row))
    };
    match event_type {
        "application.submitted" => application(ApplicationStatus::Pending, None),
        "application.approved" => application(ApplicationStatus::Approved, Some("approved")),
        "application.rejected" => application(ApplicationStatus::Rejected, Some("rejected")),
        "application.revision_requested" => {
            application(ApplicationStatus::RevisionRequested, Some("revision_requested"))
        }
        "participant.registered" | "participant.profile_updated" => {
            let mut row = applicant(
                state,
                context,
                event,
                ApplicationStatus::Approved,
                Some("approved"),
            )?;
            row.registered_at = Some(context.now);
            Ok(snapshot::participant(state, &row))
        }
        "activity.updated" => Ok(snapshot::activity(activity(state, event)?)),
        "activity.capacity_state_changed" => Ok(snapshot::activity_capacity(activity(state, event)?)),
        "user.revoked_access" => {
            let row = applicant(state, context, event, ApplicationStatus::Approved, None)?;
            Ok(payloads::user_revocation(&row.user_id, &event.id, context.now))
        }
        "data.deletion_required" => Ok(payloads::deletion(
            &event.id,
            &event.organization_id,
            "connection_revoked",
            context.now,
        )),
        "integration.suspended" => Ok(payloads::suspension(client_id, context.now)),
        event_type => {
            let publish_status = match event_type {
                "event.unpublished" => PublishStatus::Unpublished,
                _ => PublishStatus::Published,
            };
            let shown = Event {
                publish_status,
                ..event.clone()
            };
            Ok(snapshot::event(&shown))
        }
    }
}

/// Somebody who has applied to the event: if possible, with this status already.
fn applicant(
    state: &State,
    context: Context<'_>,
    event: &Event,
    status: ApplicationStatus,
    action: Option<&str>,
) -> Result<Participant, CommandError> {
    let applied = || state.participants.iter().filter(|row| row.event_id == event.id);
    let row = applied()
        .find(|row| row.status == status)
        .or_else(|| applied().next());
    let mut row = row.cloned().ok_or_else(|| {
        CommandError::NotFound(format!(
            "Nobody has applied to '{}'. Choose another event.",
            event.id
        ))
    })?;
    row.status = status;
    row.updated_at = context.now;
    row.last_review = action.map(|action| Review {
        action: action.to_owned(),
        reviewer_id: state
            .organizations
            .get(&event.organization_id)
            .map(|organization| organization.organizer_id.clone())
            .unwrap_or_default(),
        at: context.now,
    });
    Ok(row)
}

fn activity<'s>(state: &'s State, event: &Event) -> Result<&'s Activity, CommandError> {
    let missing = || {
        let text = format!("'{}' has no activities. Choose another event.", event.id);
        CommandError::NotFound(text)
    };
    let mut rows = state.activities.iter().filter(|row| row.event_id == event.id);
    rows.next().ok_or_else(missing)
}
