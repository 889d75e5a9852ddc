//! What the pages and the JSON routes show, without a web framework.

use axum::http::StatusCode;
use revento::{
    Error,
    store::{DeletionDuty, StoreError},
    types::{Connection, EventId, error},
    web::WebviewSession,
};
use serde_json::{Value, json};

use crate::{pages, participants::ParticipantList, state::State};

/// The index page.
pub async fn index(state: &State, event_id: &EventId) -> (StatusCode, String) {
    let connection = match state.client.connection(event_id.clone()).await {
        Ok(connection) => connection,
        Err(error) => return (StatusCode::SERVICE_UNAVAILABLE, pages::problem(&error)),
    };
    let list = match &connection {
        Some(connection) if connection.status.is_live() => Some(state.participants.recent(event_id).await),
        _ => None,
    };
    let list = list.as_deref();
    // The read may have found that the connection has ended.
    let connection = match list {
        Some(Err(error)) if error.is_connection_ended() => {
            let connection_now = state.client.connection(event_id.clone()).await;
            connection_now.unwrap_or(connection)
        }
        _ => connection,
    };
    (
        StatusCode::OK,
        pages::index(state, event_id, connection.as_ref(), list),
    )
}

/// The connection of an event.
///
/// # Errors
/// The store failed.
pub async fn status(state: &State, event_id: &EventId) -> Result<Value, StoreError> {
    let connection = state.client.connection(event_id.clone()).await?;
    Ok(connection.map_or_else(
        || json!({ "event_id": event_id, "status": "not_connected" }),
        |connection: Connection| {
            json!({
                "event_id": connection.key.event_id,
                "status": connection.status,
                "reason": connection.reason,
                "delete_by": connection.delete_by,
                "scopes": connection.scopes.to_string(),
                "generation": connection.generation,
            })
        },
    ))
}

/// The participants of an event, or why they cannot be read.
pub fn participants(result: &Result<ParticipantList, Error>) -> (StatusCode, Value) {
    match result {
        Ok(ParticipantList { pages, participants }) => {
            let ids: Vec<_> = participants.iter().map(|person| &person.id).collect();
            let list = json!({ "count": ids.len(), "pages": pages, "ids": ids });
            (StatusCode::OK, list)
        }
        Err(error) => {
            let status = if error.is_connection_ended() {
                StatusCode::GONE
            } else {
                StatusCode::BAD_GATEWAY
            };
            let body = json!({
                "error": error::chain(error).to_string(),
                "connection_ended": error.is_connection_ended(),
                "request_id": error.request_id(),
            });
            (status, body)
        }
    }
}

/// The open deletion duties, the most urgent first.
///
/// # Errors
/// The store failed.
pub async fn deletions(state: &State) -> Result<Value, StoreError> {
    let describe = |duty: &DeletionDuty| {
        json!({
            "envelope_id": duty.envelope_id,
            "event_id": duty.event_id,
            "ended_at": duty.occurred_at,
            "deadline_at": duty.deadline_at,
            "reason": duty.reason,
        })
    };
    let open = state.deletions.open().await?;
    Ok(open.iter().map(describe).collect())
}

/// Who is signed in, as the platform says now. What the participant did not grant is null.
///
/// # Errors
/// Those of the reads.
pub async fn me(state: &State, session: &WebviewSession) -> Result<Value, Error> {
    let user = state
        .client
        .user(session.event_id.clone(), session.user_id.clone());
    let profile = match user.profile().await {
        Err(error) if error.missing_scope().is_some() => None,
        read => Some(read?),
    };
    let application = match user.application().await {
        Err(error) if error.missing_scope().is_some() => None,
        read => Some(read?),
    };
    Ok(json!({
        "event_id": session.event_id,
        "user_id": session.user_id,
        "profile": profile.map(|profile| json!({ "name": profile.name, "email": profile.email })),
        "application": application.map(|application| json!({ "id": application.id, "status": application.status })),
    }))
}
