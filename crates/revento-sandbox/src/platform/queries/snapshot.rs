//! The JSON of resources, in the read API and in webhooks (contract §3.4, contract §4.3).

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::platform::context::Context;
use crate::platform::queries::connections;
use crate::platform::records::{
    Activity, ApplicationStatus, Connection, Event, Location, Participant, Thread, User, Wave,
};
use crate::platform::state::State;
use crate::primitives::time::Time;

pub(crate) fn event(row: &Event) -> Value {
    json!({
        "id": row.id,
        "organization_id": row.organization_id,
        "name": row.name,
        "description": row.description,
        "publish_status": row.publish_status,
        "min_age": row.min_age,
        "timezone": row.timezone,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    })
}

/// A participant. Lists of participants are long, so they are serialized directly, not through `Value`.
#[derive(Debug, Serialize)]
pub(crate) struct ParticipantView<'a> {
    id: &'a str,
    event_id: &'a str,
    user_id: &'a str,
    application_id: &'a str,
    role: &'a str,
    status: &'static str,
    name: Option<String>,
    given_name: Option<&'a str>,
    family_name: Option<&'a str>,
    email: Option<&'a str>,
    application_status: ApplicationStatus,
    last_reviewed_at: Option<Time>,
    last_reviewer_id: Option<&'a str>,
    last_review_action: Option<&'a str>,
    custom_form_fields: &'a Map<String, Value>,
    submitted_at: Time,
    registered_at: Option<Time>,
    updated_at: Time,
}

pub(crate) fn participant_view<'a>(state: &'a State, row: &'a Participant) -> ParticipantView<'a> {
    let user = state.users.get(&row.user_id);
    let review = row.last_review.as_ref();
    ParticipantView {
        id: &row.id,
        event_id: &row.event_id,
        user_id: &row.user_id,
        application_id: &row.application_id,
        role: &row.role,
        status: row.own_status(),
        name: user.map(User::name),
        given_name: user.map(|user| user.given_name.as_str()),
        family_name: user.map(|user| user.family_name.as_str()),
        email: user.map(|user| user.email.as_str()),
        application_status: row.status,
        last_reviewed_at: review.map(|review| review.at),
        last_reviewer_id: review.map(|review| review.reviewer_id.as_str()),
        last_review_action: review.map(|review| review.action.as_str()),
        custom_form_fields: &row.custom_form_fields,
        submitted_at: row.submitted_at,
        registered_at: row.registered_at,
        updated_at: row.updated_at,
    }
}

pub(crate) fn participant(state: &State, row: &Participant) -> Value {
    json!(participant_view(state, row))
}

/// An application, with the fields of its last review.
pub(crate) fn application(row: &Participant) -> Value {
    let mut value = json!({
        "id": row.application_id,
        "participant_id": row.id,
        "user_id": row.user_id,
        "event_id": row.event_id,
        "status": row.status,
        "custom_form_fields": row.custom_form_fields,
        "submitted_at": row.submitted_at,
        "updated_at": row.updated_at,
    });
    if let (Some(review), Some(fields)) = (&row.last_review, value.as_object_mut()) {
        let (at, by) = match row.status {
            ApplicationStatus::Approved => ("approved_at", "approver_id"),
            ApplicationStatus::Rejected => ("rejected_at", "rejecter_id"),
            ApplicationStatus::RevisionRequested => ("revision_requested_at", "reviewer_id"),
            ApplicationStatus::Pending | ApplicationStatus::Cancelled => return value,
        };
        fields.insert(at.to_owned(), json!(review.at));
        fields.insert(by.to_owned(), json!(review.reviewer_id));
    }
    value
}

pub(crate) fn profile(user: &User) -> Value {
    json!({
        "id": user.id,
        "name": user.name(),
        "given_name": user.given_name,
        "family_name": user.family_name,
        "email": user.email,
        "updated_at": user.updated_at,
    })
}

pub(crate) fn activity(row: &Activity) -> Value {
    json!({
        "id": row.id,
        "event_id": row.event_id,
        "thread_id": row.thread_id,
        "location_id": row.location_id,
        "title": row.title,
        "description": row.description,
        "status": row.status,
        "min_age": row.min_age,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "capacity": row.capacity,
        "signups": row.signups,
        "capacity_state": row.capacity_state(),
        "updated_at": row.updated_at,
    })
}

pub(crate) fn activity_capacity(row: &Activity) -> Value {
    json!({
        "activity_id": row.id,
        "event_id": row.event_id,
        "capacity": row.capacity,
        "signups": row.signups,
        "capacity_state": row.capacity_state(),
        "changed_at": row.updated_at,
    })
}

/// A connection, as the developer sees it.
pub(crate) fn connection(state: &State, context: Context<'_>, row: &Connection) -> Value {
    json!({
        "id": row.id,
        "event_id": row.event_id,
        "organization_id": row.organization_id,
        "scopes": row.scopes,
        "status": connections::status(state, context, row),
        "connected_at": row.connected_at,
        "ended_at": row.ended.as_ref().map(|ended| ended.at),
        "ended_reason": row.ended.as_ref().map(|ended| &ended.reason),
    })
}

pub(crate) fn thread(row: &Thread) -> Value {
    json!({
        "id": row.id,
        "event_id": row.event_id,
        "name": row.name,
        "description": row.description,
        "position": row.position,
    })
}

/// A location names its venue, building and floor.
pub(crate) fn location(row: &Location) -> Value {
    json!({
        "id": row.id,
        "event_id": row.event_id,
        "name": row.name,
        "venue": row.venue,
        "building": row.building,
        "floor": row.floor,
        "capacity": row.capacity,
    })
}

pub(crate) fn wave(row: &Wave) -> Value {
    json!({
        "id": row.id,
        "event_id": row.event_id,
        "name": row.name,
        "opens_at": row.opens_at,
        "closes_at": row.closes_at,
        "capacity": row.capacity,
    })
}

/// The whole program: days, threads and activities.
pub(crate) fn program(state: &State, event: &Event) -> Value {
    let (act, thr) = (format!("act_{}_", event.slug), format!("thr_{}_", event.slug));
    let mut activities: Vec<&Activity> = state.activities.range(&act, None).collect();
    activities.sort_by(|a, b| (a.starts_at, &a.id).cmp(&(b.starts_at, &b.id)));
    let days: Vec<Value> = activities
        .chunk_by(|a, b| a.starts_at.day() == b.starts_at.day())
        .map(|day| {
            let ids: Vec<&str> = day.iter().map(|row| row.id.as_str()).collect();
            json!({
                "date": day.first().map(|row| row.starts_at.day()),
                "starts_at": day.iter().map(|row| row.starts_at).min(),
                "ends_at": day.iter().map(|row| row.ends_at).max(),
                "activity_ids": ids,
            })
        })
        .collect();
    json!({
        "event_id": event.id,
        "days": days,
        "threads": state.threads.range(&thr, None).map(thread).collect::<Vec<_>>(),
        "activities": activities.into_iter().map(activity).collect::<Vec<_>>(),
    })
}
