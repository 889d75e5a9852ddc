//! Applications: submission, review, registration and withdrawal.

use serde_json::{Map, Value};

use super::error::CommandError;
use super::webhooks;
use crate::platform::context::Context;
use crate::platform::queries::applications;
use crate::platform::queries::snapshot;
use crate::platform::records::{ApplicationStatus, Participant, PublishStatus, Review, default_role};
use crate::platform::state::State;

/// An organizer's decision about an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReviewDecision {
    Approve,
    Reject,
    RequestRevision,
}

impl ReviewDecision {
    /// The last segment of the control API's path.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "approve" => Some(Self::Approve),
            "reject" => Some(Self::Reject),
            "request-revision" => Some(Self::RequestRevision),
            _ => None,
        }
    }

    fn status(self) -> ApplicationStatus {
        match self {
            Self::Approve => ApplicationStatus::Approved,
            Self::Reject => ApplicationStatus::Rejected,
            Self::RequestRevision => ApplicationStatus::RevisionRequested,
        }
    }

    fn event_type(self) -> &'static str {
        match self {
            Self::Approve => "application.approved",
            Self::Reject => "application.rejected",
            Self::RequestRevision => "application.revision_requested",
        }
    }
}

/// The participant with this application id.
pub(crate) fn find<'s>(state: &'s State, application_id: &str) -> Result<&'s Participant, CommandError> {
    application_id
        .strip_prefix("app_")
        .and_then(|rest| state.participants.get(&format!("par_{rest}")))
        .ok_or_else(|| CommandError::missing("application", application_id))
}

/// Reviews an application. Returns the new row.
pub(crate) fn review(
    state: &mut State,
    context: Context<'_>,
    application_id: &str,
    decision: ReviewDecision,
) -> Result<Participant, CommandError> {
    let mut row = find(state, application_id)?.clone();
    if row.status == ApplicationStatus::Cancelled {
        return Err(CommandError::Conflict(format!(
            "The application '{application_id}' was cancelled by the participant."
        )));
    }
    if row.status == decision.status() {
        let text = format!(
            "The application '{application_id}' is already {}.",
            row.status.as_str()
        );
        return Err(CommandError::Conflict(text));
    }
    let event = state.events.get(&row.event_id);
    let reviewer_id = event
        .and_then(|event| state.organizations.get(&event.organization_id))
        .map(|organization| organization.organizer_id.clone())
        .unwrap_or_default();
    row.status = decision.status();
    row.updated_at = context.now;
    row.last_review = Some(Review {
        action: row.status.as_str().to_owned(),
        reviewer_id,
        at: context.now,
    });
    if decision != ReviewDecision::Approve {
        row.registered_at = None;
    }
    state.participants.put(row.clone());
    let data = snapshot::application(&row);
    webhooks::enqueue_for_connected(state, context, &row.event_id, decision.event_type(), &data);
    Ok(row)
}

/// A user applies to an event: the given user, or the next one who has not applied yet.
pub(crate) fn submit(
    state: &mut State,
    context: Context<'_>,
    event_id: &str,
    user_id: Option<&str>,
    custom_form_fields: Map<String, Value>,
) -> Result<Participant, CommandError> {
    let event = state
        .events
        .get(event_id)
        .ok_or_else(|| CommandError::missing("event", event_id))?
        .clone();
    if event.publish_status != PublishStatus::Published {
        return Err(CommandError::Conflict(format!(
            "'{event_id}' is not published, so nobody can apply to it."
        )));
    }
    let user_id = match user_id {
        Some(id) if !state.users.contains(id) => return Err(CommandError::missing("user", id)),
        Some(id) => id.to_owned(),
        None => state
            .users
            .iter()
            .find(|user| applications::of_user(state, event_id, &user.id).is_none())
            .map(|user| user.id.clone())
            .ok_or_else(|| {
                CommandError::Conflict("Every user has already applied to this event.".to_owned())
            })?,
    };
    if applications::of_user(state, event_id, &user_id).is_some() {
        return Err(CommandError::Conflict(format!(
            "'{user_id}' has already applied to this event."
        )));
    }
    let number = 9_000 + state.increment(&format!("applications_{}", event.slug));
    let row = Participant {
        id: format!("par_{}_{number:04}", event.slug),
        application_id: format!("app_{}_{number:04}", event.slug),
        event_id: event.id,
        user_id,
        role: default_role(),
        status: ApplicationStatus::Pending,
        custom_form_fields,
        submitted_at: context.now,
        registered_at: None,
        last_review: None,
        updated_at: context.now,
    };
    state.participants.put(row.clone());
    let data = snapshot::application(&row);
    webhooks::enqueue_for_connected(state, context, event_id, "application.submitted", &data);
    Ok(row)
}

/// A participant withdraws an application. No webhook is sent; the next fetch shows it (contract §3.4).
pub(crate) fn cancel(
    state: &mut State,
    context: Context<'_>,
    application_id: &str,
) -> Result<Participant, CommandError> {
    let mut row = find(state, application_id)?.clone();
    if row.status == ApplicationStatus::Cancelled {
        return Err(CommandError::Conflict(format!(
            "The application '{application_id}' is already cancelled."
        )));
    }
    row.status = ApplicationStatus::Cancelled;
    row.registered_at = None;
    row.updated_at = context.now;
    state.participants.put(row.clone());
    Ok(row)
}

/// An approved participant registers.
pub(crate) fn register(
    state: &mut State,
    context: Context<'_>,
    participant_id: &str,
) -> Result<Participant, CommandError> {
    let row = state
        .participants
        .get(participant_id)
        .ok_or_else(|| CommandError::missing("participant", participant_id))?;
    let mut row = row.clone();
    if row.status != ApplicationStatus::Approved {
        let text = format!(
            "The application of '{participant_id}' is {}, not approved.",
            row.status.as_str()
        );
        return Err(CommandError::Conflict(text));
    }
    if row.registered_at.is_some() {
        return Err(CommandError::Conflict(format!(
            "'{participant_id}' is already registered."
        )));
    }
    row.registered_at = Some(context.now);
    row.updated_at = context.now;
    state.participants.put(row.clone());
    let data = snapshot::participant(state, &row);
    webhooks::enqueue_for_connected(state, context, &row.event_id, "participant.registered", &data);
    Ok(row)
}

/// A user changes their name. Integrations that are connected to an event the user has applied to get a webhook.
pub(crate) fn rename(
    state: &mut State,
    context: Context<'_>,
    user_id: &str,
    given_name: Option<&str>,
    family_name: Option<&str>,
) -> Result<(), CommandError> {
    state
        .users
        .change(user_id, |user| {
            if let Some(name) = given_name {
                user.given_name = name.to_owned();
            }
            if let Some(name) = family_name {
                user.family_name = name.to_owned();
            }
            user.updated_at = context.now;
        })
        .ok_or_else(|| CommandError::missing("user", user_id))?;
    let rows: Vec<Participant> = state
        .participants
        .iter()
        .filter(|row| row.user_id == user_id)
        .cloned()
        .collect();
    for mut row in rows {
        row.updated_at = context.now;
        state.participants.put(row.clone());
        let data = snapshot::participant(state, &row);
        webhooks::enqueue_for_connected(
            state,
            context,
            &row.event_id,
            "participant.profile_updated",
            &data,
        );
    }
    Ok(())
}
