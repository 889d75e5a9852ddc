//! The routes: pages for humans, the same as JSON for scripts, and Revento's two.

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
    AuthorizationRequest, Error, Retry, Scope, Scopes,
    store::{DeletionDuty, StoreError},
    types::resource::Participant,
    with_axum::WebhookEndpoint,
};
use serde_json::json;

use crate::{open::State, pages};

pub(crate) fn router<F>(state: State, webhooks: WebhookEndpoint, stop: Shared<F>) -> Router
where
    F: Future<Output = ()> + Send + 'static,
{
    let handled_webhooks = state.feed.clone();
    let live = move || async move { live(handled_webhooks.changes(), stop.clone()) };
    Router::new()
        .route("/", get(index))
        .route("/connect", get(connect))
        .route("/callback", get(callback))
        .route_service("/webhooks", webhooks)
        .route("/live", get(live))
        .route("/feed", get(feed))
        .route("/api/status", get(status))
        .route("/api/participants", get(participants))
        .route("/api/webhooks", get(handled))
        .route("/api/deletions", get(deletions))
        .with_state(state)
}

async fn index(Extract(state): Extract<State>) -> Response {
    let connection = match state.client.connection(state.event_id.as_str()).await {
        Ok(connection) => connection,
        Err(error) => return (StatusCode::SERVICE_UNAVAILABLE, Html(pages::problem(&error))).into_response(),
    };
    let people = match &connection {
        Some(connection) if connection.status.is_live() => Some(read_participants(&state).await),
        _ => None,
    };
    // The read may have told that the connection has ended.
    let connection = match &people {
        Some(Err(error)) if error.is_connection_ended() => state
            .client
            .connection(state.event_id.as_str())
            .await
            .unwrap_or(connection),
        _ => connection,
    };
    Html(pages::index(&state, connection.as_ref(), people.as_ref())).into_response()
}

/// Begins the flow. It is a link of the index page under the same host that the platform sends back
/// to, so that the cookie is there on return.
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
    let (over, outcome) = state.flow.finish(&headers, &query.unwrap_or_default()).await;
    match outcome {
        Ok(_) => (over, Redirect::to("/")).into_response(),
        Err(error) => (error.status(), over, Html(pages::not_connected(&error))).into_response(),
    }
}

/// Tells the page what was handled, as it happens.
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

/// The part of the page that a webhook changes.
async fn feed(Extract(state): Extract<State>) -> Response {
    Html(pages::feed(&state)).into_response()
}

async fn status(Extract(state): Extract<State>) -> Response {
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
    let told = json!({ "error": error.to_string() });
    (StatusCode::SERVICE_UNAVAILABLE, Json(told)).into_response()
}

async fn participants(Extract(state): Extract<State>) -> Response {
    match read_participants(&state).await {
        Ok(People { pages, participants }) => {
            let ids: Vec<_> = participants.iter().map(|person| &person.id).collect();
            Json(json!({ "count": ids.len(), "pages": pages, "ids": ids })).into_response()
        }
        Err(error) => {
            let status = if error.is_connection_ended() {
                StatusCode::GONE
            } else {
                StatusCode::BAD_GATEWAY
            };
            let told = json!({
                "error": error.to_string(),
                "connection_ended": error.is_connection_ended(),
                "request_id": error.request_id(),
            });
            (status, Json(told)).into_response()
        }
    }
}

async fn handled(Extract(state): Extract<State>) -> Response {
    Json(state.feed.entries()).into_response()
}

/// What has to be deleted, the most urgent first.
async fn deletions(Extract(state): Extract<State>) -> Response {
    let told = |duty: &DeletionDuty| {
        json!({
            "envelope_id": duty.envelope_id,
            "event_id": duty.event_id,
            "ended_at": duty.occurred_at,
            "deadline_at": duty.deadline_at,
            "reason": duty.reason,
        })
    };
    match state.deletions.open().await {
        Ok(open) => Json(open.iter().map(told).collect::<Vec<_>>()).into_response(),
        Err(error) => unavailable(&error),
    }
}

/// All participants and how many pages they came in.
pub(crate) struct People {
    pub(crate) pages: usize,
    pub(crate) participants: Vec<Participant>,
}

/// Twenty-five at a time, so that the walk over pages shows.
async fn read_participants(state: &State) -> Result<People, Error> {
    // Somebody looks at an empty page meanwhile: an error is better than a wait for the budget of the next hour.
    let soon = Retry::default().deadline(Duration::from_secs(20));
    let event = state.client.event(state.event_id.as_str()).with_retry(soon);
    let mut pages = event.participants().per_page(25).pages();
    let mut people = People {
        pages: 0,
        participants: Vec::new(),
    };
    while let Some(page) = pages.next_page().await? {
        people.pages += 1;
        people.participants.extend(page);
    }
    Ok(people)
}
