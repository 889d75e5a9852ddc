//! The routes: pages for people, the same data as JSON for scripts, and the two routes that the platform calls.

use std::{convert::Infallible, time::Duration};

use axum::{
    Json, Router,
    extract::{FromRequestParts, Query, State as Extract},
    http::{StatusCode, request::Parts},
    middleware,
    response::{
        Html, IntoResponse, Redirect, Response,
        sse::{Event, KeepAlive, Sse},
    },
    routing::get,
};
use futures_util::{Stream, StreamExt, stream};
use revento::{
    AuthorizationRequest,
    types::{EventId, TokenKind, error},
    with_axum::{FlowError, FlowOutcome, FrameAncestors, WebhookRoute},
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    headers, pages, participant_pages,
    service::Site,
    state::{EVENT_ID, State, connect_scopes},
    views,
};

pub(crate) fn router(site: Site) -> Router {
    let Site {
        state,
        webhooks,
        stop,
    } = site;
    let feed_of_state = state.feed.clone();
    let live = move || async move { live(feed_of_state.subscribe(), stop.clone()) };
    let hosts = headers::AllowedHosts::new(&state.base_url);
    let pages = Router::new()
        .route("/", get(index))
        .route("/connect", get(connect))
        .route("/callback", get(callback))
        .route("/live", get(live))
        .route("/feed", get(feed))
        .route("/icon.svg", get(icon))
        .route("/api/status", get(status_json))
        .route("/api/participants", get(participants_json))
        .route("/api/webhooks", get(webhooks_json))
        .route("/api/deletions", get(deletions_json))
        .route("/healthz", get(healthz))
        .merge(participant_pages::router())
        .layer(WebhookRoute::new("/webhooks", webhooks))
        .layer(FrameAncestors::none())
        .with_state(state.clone());
    participant_pages::framed(&state)
        .with_state(state)
        .fallback_service(pages)
        .layer(middleware::map_response(headers::protect))
        .layer(middleware::from_fn_with_state(hosts, headers::check_host))
}

/// The event that an address names, or else the configured one.
pub(crate) struct ShownEvent(pub(crate) EventId);

#[derive(Deserialize)]
struct EventQuery {
    event_id: Option<String>,
}

impl FromRequestParts<State> for ShownEvent {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Response> {
        let query = Query::<EventQuery>::from_request_parts(parts, state).await;
        let Query(query) = query.map_err(IntoResponse::into_response)?;
        let named = query.event_id.filter(|id| !id.is_empty());
        Ok(Self(named.map_or_else(|| state.event_id.clone(), EventId::from)))
    }
}

async fn index(Extract(state): Extract<State>, ShownEvent(event_id): ShownEvent) -> Response {
    let (status, page) = views::index(&state, &event_id).await;
    (status, Html(page)).into_response()
}

/// Redirects the browser to the consent page: from the platform's integrations panel, which names the event, or from the index
/// page.
///
/// The index page links here under the host of the redirect URI, so that the browser returns the flow's cookie.
async fn connect(Extract(state): Extract<State>, browser: Parts) -> Response {
    let scopes = connect_scopes();
    let begun = if browser.uri.query().is_some_and(|query| query.contains(EVENT_ID)) {
        state.flow.begin_from_panel(&browser, scopes).await
    } else {
        let event_id = state.event_id.clone();
        let request = AuthorizationRequest { event_id, scopes };
        state.flow.begin(&browser, &request).await
    };
    match begun {
        Ok(redirect) => redirect.into_response(),
        Err(error) => (error.status(), Html(pages::not_connected(&error))).into_response(),
    }
}

async fn callback(Extract(state): Extract<State>, browser: Parts) -> Response {
    let FlowOutcome { headers, result } = state.flow_for(&browser).finish(&browser).await;
    let connection = match result {
        Ok(finished) => finished.connection,
        // Another request has finished the flow, or tried to. These pages show what came of it.
        Err(FlowError::AlreadyUsed {
            token_kind: TokenKind::User,
            ..
        }) => return headers.apply(participant_pages::shown(&state, &browser).into_response()),
        Err(FlowError::AlreadyUsed { event_id, .. }) => {
            return headers.apply(event_page(&state, &event_id).into_response());
        }
        Err(error) => {
            return headers.apply((error.status(), Html(pages::not_connected(&error))).into_response());
        }
    };
    if connection.key.user_id.is_some() {
        return match participant_pages::signed_in(&state, &browser, &connection).await {
            Ok(response) => headers.apply(response.into_response()),
            Err(error) => {
                let page = Html(pages::problem(&error));
                headers.apply((StatusCode::INTERNAL_SERVER_ERROR, page).into_response())
            }
        };
    }
    state.participants.forget().await;
    headers.apply(event_page(&state, &connection.key.event_id).into_response())
}

fn event_page(state: &State, event_id: &EventId) -> Redirect {
    Redirect::to(state.event_page(event_id).as_str())
}

/// For a load balancer: this process answers.
async fn healthz() -> StatusCode {
    StatusCode::NO_CONTENT
}

async fn icon() -> Response {
    let headers = [
        ("content-type", "image/svg+xml"),
        ("cache-control", "max-age=86400"),
    ];
    (headers, pages::ICON).into_response()
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

async fn status_json(Extract(state): Extract<State>, ShownEvent(event_id): ShownEvent) -> Response {
    match views::status(&state, &event_id).await {
        Ok(status) => Json(status).into_response(),
        Err(error) => unavailable(&error),
    }
}

fn unavailable(error: &(dyn std::error::Error + 'static)) -> Response {
    let body = json!({ "error": error::chain(error).to_string() });
    (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
}

#[derive(Deserialize)]
struct ReadQuery {
    /// Whether to read now, whatever was read before.
    #[serde(default)]
    fresh: bool,
}

async fn participants_json(
    Extract(state): Extract<State>,
    ShownEvent(event_id): ShownEvent,
    Query(query): Query<ReadQuery>,
) -> Response {
    let (status, list) = if query.fresh {
        views::participants(&state.participants.read(&event_id).await)
    } else {
        views::participants(&*state.participants.recent(&event_id).await)
    };
    (status, Json(list)).into_response()
}

async fn webhooks_json(Extract(state): Extract<State>) -> Response {
    match state.feed.entries() {
        Ok(entries) => Json(entries).into_response(),
        Err(error) => unavailable(&error),
    }
}

async fn deletions_json(Extract(state): Extract<State>) -> Response {
    match views::deletions(&state).await {
        Ok(open) => Json(open).into_response(),
        Err(error) => unavailable(&error),
    }
}
