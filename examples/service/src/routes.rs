//! The routes: pages for people, the same data as JSON for scripts, and the two routes that the platform calls.

use std::{convert::Infallible, time::Duration};

use axum::{
    Json, Router,
    extract::{RawQuery, State as Extract},
    http::{HeaderMap, StatusCode},
    response::{
        Html, IntoResponse, Redirect, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::get,
};
use futures_util::{Stream, StreamExt, future::Shared, stream};
use revento::{
    AuthorizationRequest, Scope, Scopes,
    store::{DeletionDuty, StoreError},
    types::error,
    with_axum::{FlowOutcome, WebhookEndpoint},
};
use serde_json::json;

use crate::{
    pages,
    participants::{self, ParticipantList},
    state::State,
};

pub(crate) fn router<F>(state: State, webhooks: WebhookEndpoint, stop: Shared<F>) -> Router
where
    F: Future<Output = ()> + Send + 'static,
{
    let feed_of_state = state.feed.clone();
    let live = move || async move { live(feed_of_state.subscribe(), stop.clone()) };
    Router::new()
        .route("/", get(index))
        .route("/connect", get(connect))
        .route("/callback", get(callback))
        .route_service("/webhooks", webhooks)
        .route("/live", get(live))
        .route("/feed", get(feed))
        .route("/api/status", get(status_json))
        .route("/api/participants", get(participants_json))
        .route("/api/webhooks", get(webhooks_json))
        .route("/api/deletions", get(deletions_json))
        .with_state(state)
}

async fn index(Extract(state): Extract<State>) -> Response {
    let connection = match state.client.connection(state.event_id.as_str()).await {
        Ok(connection) => connection,
        Err(error) => return (StatusCode::SERVICE_UNAVAILABLE, Html(pages::problem(&error))).into_response(),
    };
    let list = match &connection {
        Some(connection) if connection.status.is_live() => Some(participants::read_all(&state).await),
        _ => None,
    };
    // The read may have found that the connection has ended.
    let connection = match &list {
        Some(Err(error)) if error.is_connection_ended() => state
            .client
            .connection(state.event_id.as_str())
            .await
            .unwrap_or(connection),
        _ => connection,
    };
    Html(pages::index(&state, connection.as_ref(), list.as_ref())).into_response()
}

/// Redirects the browser to the consent page.
///
/// The index page links here under the host of the redirect URI, so that the browser returns the flow's cookie.
async fn connect(Extract(state): Extract<State>) -> Response {
    let scopes = Scopes::from([Scope::EventRead, Scope::ParticipantsRead, Scope::ProgramRead]);
    let request = AuthorizationRequest {
        event_id: state.event_id.as_str().into(),
        scopes,
    };
    match state.flow.begin(&request).await {
        Ok(redirect) => redirect,
        Err(error) => (error.status(), Html(pages::problem(&error))).into_response(),
    }
}

async fn callback(Extract(state): Extract<State>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let FlowOutcome { clear_cookie, result } = state.flow.finish(&headers, &query.unwrap_or_default()).await;
    match result {
        Ok(_) => (clear_cookie, Redirect::to("/")).into_response(),
        Err(error) => (error.status(), clear_cookie, Html(pages::not_connected(&error))).into_response(),
    }
}

/// Sends the page an event for each handled webhook.
fn live(
    changes: tokio::sync::watch::Receiver<String>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let events = stream::unfold(changes, |mut changes| async move {
        changes.changed().await.ok()?;
        let event_type = changes.borrow_and_update().clone();
        Some((Ok(Event::default().event("handled").data(event_type)), changes))
    });
    Sse::new(events.take_until(Box::pin(stop))).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

/// The part of the index page that changes when a webhook is handled.
async fn feed(Extract(state): Extract<State>) -> Response {
    Html(pages::feed(&state)).into_response()
}

async fn status_json(Extract(state): Extract<State>) -> Response {
    match state.client.connection(state.event_id.as_str()).await {
        Ok(Some(connection)) => Json(json!({
            "event_id": connection.key.event_id,
            "status": connection.status,
            "reason": connection.reason,
            "delete_by": connection.delete_by,
            "scopes": connection.scopes.to_string(),
            "generation": connection.generation,
        }))
        .into_response(),
        Ok(None) => Json(json!({ "event_id": state.event_id, "status": "not_connected" })).into_response(),
        Err(error) => unavailable(&error),
    }
}

fn unavailable(error: &StoreError) -> Response {
    let body = json!({ "error": error::chain(error).to_string() });
    (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
}

async fn participants_json(Extract(state): Extract<State>) -> Response {
    match participants::read_all(&state).await {
        Ok(ParticipantList { pages, participants }) => {
            let ids: Vec<_> = participants.iter().map(|person| &person.id).collect();
            Json(json!({ "count": ids.len(), "pages": pages, "ids": ids })).into_response()
        }
        Err(error) => {
            let status = if error.is_connection_ended() {
                StatusCode::GONE
            } else {
                StatusCode::BAD_GATEWAY
            };
            let body = json!({
                "error": error::chain(&error).to_string(),
                "connection_ended": error.is_connection_ended(),
                "request_id": error.request_id(),
            });
            (status, Json(body)).into_response()
        }
    }
}

async fn webhooks_json(Extract(state): Extract<State>) -> Response {
    Json(state.feed.entries()).into_response()
}

/// The open deletion duties, the most urgent first.
async fn deletions_json(Extract(state): Extract<State>) -> Response {
    let describe = |duty: &DeletionDuty| {
        json!({
            "envelope_id": duty.envelope_id,
            "event_id": duty.event_id,
            "ended_at": duty.occurred_at,
            "deadline_at": duty.deadline_at,
            "reason": duty.reason,
        })
    };
    match state.deletions.open().await {
        Ok(open) => Json(open.iter().map(describe).collect::<Vec<_>>()).into_response(),
        Err(error) => unavailable(&error),
    }
}
