//! The routes: pages for people, the same data as JSON for scripts, and the routes that the platform calls.

use std::{convert::Infallible, time::Duration};

use actix_web::{
    HttpResponse, Route,
    guard::{Any, Get, Head},
    http::{StatusCode, header::LOCATION},
    web::{self, Bytes, Data, Query, ServiceConfig},
};
use futures_util::{
    StreamExt,
    future::{BoxFuture, Shared},
    stream,
};
use revento::{
    AuthorizationRequest,
    types::{EventId, TokenKind, error::chain},
    with_actix::{Browser, FlowError, FlowOutcome, LocalPath, flow_response, with_flow_headers},
};
use revento_example_service::{
    pages,
    state::{EVENT_ID, State, connect_scopes},
    views,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::participant_pages;

/// Resolves when the server stops.
pub(crate) struct Stop(pub(crate) Shared<BoxFuture<'static, ()>>);

/// A route for `GET`, and for `HEAD`: `web::get()` alone answers it with 404, and a flow answers it without a beginning.
pub(crate) fn page() -> Route {
    web::route().guard(Any(Get()).or(Head()))
}

pub(crate) fn configure(config: &mut ServiceConfig) {
    config
        .route("/", page().to(index))
        .route("/connect", page().to(connect))
        .route("/callback", page().to(callback))
        .route("/live", page().to(live))
        .route("/feed", page().to(feed))
        .route("/icon.svg", page().to(icon))
        .route("/api/status", page().to(status_json))
        .route("/api/participants", page().to(participants_json))
        .route("/api/webhooks", page().to(webhooks_json))
        .route("/api/deletions", page().to(deletions_json))
        .route("/participants", page().to(participants))
        .route("/handled", page().to(handled))
        .route("/healthz", page().to(async || HttpResponse::NoContent().finish()))
        .route("/readyz", page().to(ready));
}

/// The event that an address names.
#[derive(Deserialize)]
pub(crate) struct EventQuery {
    event_id: Option<String>,
    /// Whether to read now, whatever was read before.
    #[serde(default)]
    fresh: bool,
}

impl EventQuery {
    /// The named event, or else the configured one.
    pub(crate) fn event(&self, state: &State) -> EventId {
        let named = self.event_id.as_deref().filter(|id| !id.is_empty());
        named.map_or_else(|| state.event_id.clone(), EventId::from)
    }
}

async fn index(state: Data<State>, query: Query<EventQuery>) -> HttpResponse {
    let (status, page) = views::index(&state, &query.event(&state)).await;
    html(code(status), page)
}

/// Redirects the browser to the consent page: from the platform's integrations panel, which names the event, or from the index
/// page.
async fn connect(state: Data<State>, browser: Browser) -> HttpResponse {
    let head = &browser.0;
    let begun = if head.uri.query().is_some_and(|query| query.contains(EVENT_ID)) {
        state.flow.begin_from_panel(head, connect_scopes()).await
    } else {
        let request = AuthorizationRequest {
            event_id: state.event_id.clone(),
            scopes: connect_scopes(),
        };
        state.flow.begin(head, &request).await
    };
    match begun {
        Ok(redirect) => flow_response(redirect),
        Err(error) => not_connected(&error),
    }
}

async fn callback(state: Data<State>, browser: Browser) -> HttpResponse {
    let FlowOutcome { headers, result } = state.flow_for(&browser.0).finish(&browser.0).await;
    let connection = match result {
        Ok(finished) => finished.connection,
        // Another request has finished the flow, or tried to. These pages show what came of it.
        Err(FlowError::AlreadyUsed {
            token_kind: TokenKind::User,
            ..
        }) => return with_flow_headers(headers, see_other(state.participant_page(&browser.0))),
        Err(FlowError::AlreadyUsed { event_id, .. }) => {
            return with_flow_headers(headers, event_page(&state, &event_id));
        }
        Err(error) => return with_flow_headers(headers, not_connected(&error)),
    };
    if connection.key.user_id.is_some() {
        let signed_in = participant_pages::signed_in(&state, &browser, &connection).await;
        return with_flow_headers(headers, signed_in);
    }
    state.participants.forget().await;
    with_flow_headers(headers, event_page(&state, &connection.key.event_id))
}

fn event_page(state: &State, event_id: &EventId) -> HttpResponse {
    see_other(state.event_page(event_id).as_str())
}

async fn icon() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("image/svg+xml")
        .insert_header(("cache-control", "max-age=86400"))
        .body(pages::ICON)
}

/// Sends the page an event for each handled webhook, and a comment while there is none, so that no proxy closes the connection.
async fn live(state: Data<State>, stop: Data<Stop>) -> HttpResponse {
    const IDLE: Duration = Duration::from_secs(15);
    let changes = state.feed.subscribe();
    let events = stream::unfold(changes, |mut changes| async move {
        let changed = tokio::time::timeout(IDLE, changes.changed()).await;
        let event = match changed {
            Ok(Err(_)) => return None,
            Ok(Ok(())) => format!(
                "event: handled\ndata: {}\n\n",
                changes.borrow_and_update().escape_default()
            ),
            Err(_) => ":\n\n".to_owned(),
        };
        Some((Ok::<_, Infallible>(Bytes::from(event)), changes))
    });
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("cache-control", "no-cache"))
        .streaming(events.take_until(stop.0.clone()))
}

/// The part of the index page that changes when a webhook is handled.
async fn feed(state: Data<State>) -> HttpResponse {
    html(StatusCode::OK, pages::feed(&state))
}

async fn status_json(state: Data<State>, query: Query<EventQuery>) -> HttpResponse {
    match views::status(&state, &query.event(&state)).await {
        Ok(status) => HttpResponse::Ok().json(status),
        Err(error) => unavailable(&error),
    }
}

async fn participants_json(state: Data<State>, query: Query<EventQuery>) -> HttpResponse {
    let event_id = query.event(&state);
    let (status, list) = if query.fresh {
        views::participants(&state.participants.read(&event_id).await)
    } else {
        views::participants(&*state.participants.recent(&event_id).await)
    };
    HttpResponse::build(code(status)).json(list)
}

async fn webhooks_json(state: Data<State>) -> HttpResponse {
    match state.feed.entries() {
        Ok(entries) => HttpResponse::Ok().json(entries),
        Err(error) => unavailable(&error),
    }
}

async fn deletions_json(state: Data<State>) -> HttpResponse {
    match views::deletions(&state).await {
        Ok(open) => HttpResponse::Ok().json(open),
        Err(error) => unavailable(&error),
    }
}

/// Reads all participants now, as the integrations of `examples/other-languages` do.
async fn participants(state: Data<State>, query: Query<EventQuery>) -> HttpResponse {
    let event_id = query.event(&state);
    match state.participants.read(&event_id).await {
        Ok(list) => {
            let ids: Vec<_> = list.participants.iter().map(|person| &person.id).collect();
            HttpResponse::Ok().json(json!({ "ids": ids }))
        }
        Err(error) if error.is_connection_ended() || error.missing_scope().is_some() => {
            let connect = LocalPath::of(&http::Uri::from_static("/connect"));
            let connect = connect.with_parameter(EVENT_ID, event_id.as_str());
            HttpResponse::Conflict().json(json!({ "error": "reconnect", "connect_url": connect.as_str() }))
        }
        Err(error) => unavailable(&error),
    }
}

/// The handled webhooks, as the integrations of `examples/other-languages` list them.
async fn handled(state: Data<State>) -> HttpResponse {
    let entries = match state.feed.entries() {
        Ok(entries) => entries,
        Err(error) => return unavailable(&error),
    };
    let rows = entries.iter().map(|entry| {
        json!({
            "envelope_id": entry.envelope_id,
            "delivery_id": entry.delivery_id,
            "type": entry.event_type,
            "event_id": entry.event_id,
        })
    });
    HttpResponse::Ok().json(rows.collect::<Value>())
}

/// Whether this process can use the store. A load balancer sends no more requests here while it cannot.
async fn ready(state: Data<State>) -> HttpResponse {
    match state.client.connection(state.event_id.clone()).await {
        Ok(_) => HttpResponse::NoContent().finish(),
        Err(error) => unavailable(&error),
    }
}

pub(crate) fn see_other(page: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, page)).finish()
}

pub(crate) fn html(status: StatusCode, page: String) -> HttpResponse {
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .body(page)
}

pub(crate) fn not_connected(error: &FlowError) -> HttpResponse {
    html(code(error.status()), pages::not_connected(error))
}

pub(crate) fn unavailable(error: &(dyn std::error::Error + 'static)) -> HttpResponse {
    HttpResponse::ServiceUnavailable()
        .insert_header(("retry-after", "5"))
        .json(json!({ "error": chain(error).to_string() }))
}

/// actix-web has the types of `http` 0.2.
fn code(status: http::StatusCode) -> StatusCode {
    StatusCode::from_u16(status.as_u16()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
