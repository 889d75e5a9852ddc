//! Applications: submitted, reviewed, and the places that follow.

use serde_json::{Map, Value};

use super::{Refused, Scene, emit};
use crate::platform::oauth::tokens;
use crate::platform::read::snapshot;
use crate::platform::records::{ApplicationStatus, Participant, PublishStatus, Review};
use crate::platform::state::State;

/// What an organizer decides about an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Approve,
    Reject,
    RequestRevision,
}

impl Decision {
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

/// The participant behind an application id.
pub(crate) fn find<'s>(state: &'s State, application_id: &str) -> Result<&'s Participant, Refused> {
    application_id
        .strip_prefix("app_")
        .and_then(|rest| state.participants.get(&format!("par_{rest}")))
        .ok_or_else(|| Refused::missing("application", application_id))
}

/// Reviews an application and tells who is connected. Returns the new row.
pub(crate) fn review(
    state: &mut State,
    scene: Scene<'_>,
    application_id: &str,
    decision: Decision,
) -> Result<Participant, Refused> {
    let mut row = find(state, application_id)?.clone();
    if row.status == ApplicationStatus::Cancelled {
        return Err(Refused::Conflict(format!(
            "The application '{application_id}' was cancelled by the participant."
        )));
    }
    if row.status == decision.status() {
        let text = format!(
            "The application '{application_id}' is already {}.",
            row.status.as_str()
        );
        return Err(Refused::Conflict(text));
    }
    let event = state.events.get(&row.event_id);
    let reviewer_id = event
        .and_then(|event| state.organizations.get(&event.organization_id))
        .map(|organization| organization.organizer_id.clone())
        .unwrap_or_default();
    row.status = decision.status();
    row.updated_at = scene.now;
    row.last_review = Some(Review {
        action: row.status.as_str().to_owned(),
        reviewer_id,
        at: scene.now,
    });
    if decision != Decision::Approve {
        row.registered_at = None;
    }
    state.participants.put(row.clone());
    let data = snapshot::application(&row);
    emit::tell_connected(state, scene, &row.event_id, decision.event_type(), &data);
    Ok(row)
}

/// A user applies to an event: the given one, or the next who has not applied yet.
pub(crate) fn submit(
    state: &mut State,
    scene: Scene<'_>,
    event_id: &str,
    user_id: Option<&str>,
    custom_form_fields: Map<String, Value>,
) -> Result<Participant, Refused> {
    let event = state
        .events
        .get(event_id)
        .ok_or_else(|| Refused::missing("event", event_id))?
        .clone();
    if event.publish_status != PublishStatus::Published {
        return Err(Refused::Conflict(format!(
            "'{event_id}' is not published, so nobody can apply to it."
        )));
    }
    let user_id = match user_id {
        Some(id) if !state.users.contains(id) => return Err(Refused::missing("user", id)),
        Some(id) => id.to_owned(),
        None => state
            .users
            .iter()
            .find(|user| tokens::application(state, event_id, &user.id).is_none())
            .map(|user| user.id.clone())
            .ok_or_else(|| Refused::Conflict("Every user has applied to this event already.".to_owned()))?,
    };
    if tokens::application(state, event_id, &user_id).is_some() {
        return Err(Refused::Conflict(format!(
            "'{user_id}' has applied to this event already."
        )));
    }
    let number = 9_000 + state.count(&format!("applications_{}", event.slug));
    let row = Participant {
        id: format!("par_{}_{number:04}", event.slug),
        application_id: format!("app_{}_{number:04}", event.slug),
        event_id: event.id,
        user_id,
        status: ApplicationStatus::Pending,
        custom_form_fields,
        submitted_at: scene.now,
        registered_at: None,
        last_review: None,
        updated_at: scene.now,
    };
    state.participants.put(row.clone());
    let data = snapshot::application(&row);
    emit::tell_connected(state, scene, event_id, "application.submitted", &data);
    Ok(row)
}

/// A participant withdraws. No webhook tells of it: it shows on the next fetch (contract section 3.4).
pub(crate) fn cancel(
    state: &mut State,
    scene: Scene<'_>,
    application_id: &str,
) -> Result<Participant, Refused> {
    let mut row = find(state, application_id)?.clone();
    if row.status == ApplicationStatus::Cancelled {
        return Err(Refused::Conflict(format!(
            "The application '{application_id}' is already cancelled."
        )));
    }
    row.status = ApplicationStatus::Cancelled;
    row.registered_at = None;
    row.updated_at = scene.now;
    state.participants.put(row.clone());
    Ok(row)
}

/// An approved participant takes the place: registered.
pub(crate) fn register(
    state: &mut State,
    scene: Scene<'_>,
    participant_id: &str,
) -> Result<Participant, Refused> {
    let row = state
        .participants
        .get(participant_id)
        .ok_or_else(|| Refused::missing("participant", participant_id))?;
    let mut row = row.clone();
    if row.status != ApplicationStatus::Approved {
        let text = format!(
            "The application of '{participant_id}' is {}, not approved.",
            row.status.as_str()
        );
        return Err(Refused::Conflict(text));
    }
    if row.registered_at.is_some() {
        return Err(Refused::Conflict(format!(
            "'{participant_id}' is registered already."
        )));
    }
    row.registered_at = Some(scene.now);
    row.updated_at = scene.now;
    state.participants.put(row.clone());
    let data = snapshot::participant(state, &row);
    emit::tell_connected(state, scene, &row.event_id, "participant.registered", &data);
    Ok(row)
}

/// A user changes their profile: everyone connected to an event they applied to hears of it.
pub(crate) fn rename(
    state: &mut State,
    scene: Scene<'_>,
    user_id: &str,
    given_name: Option<&str>,
    family_name: Option<&str>,
) -> Result<(), Refused> {
    state
        .users
        .change(user_id, |user| {
            if let Some(name) = given_name {
                user.given_name = name.to_owned();
            }
            if let Some(name) = family_name {
                user.family_name = name.to_owned();
            }
            user.updated_at = scene.now;
        })
        .ok_or_else(|| Refused::missing("user", user_id))?;
    let rows: Vec<Participant> = state
        .participants
        .iter()
        .filter(|row| row.user_id == user_id)
        .cloned()
        .collect();
    for mut row in rows {
        row.updated_at = scene.now;
        state.participants.put(row.clone());
        let data = snapshot::participant(state, &row);
        emit::tell_connected(state, scene, &row.event_id, "participant.profile_updated", &data);
    }
    Ok(())
}
