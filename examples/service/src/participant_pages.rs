//! Pages for participants: Login with Revento, who is signed in, and a page that the platform shows in a frame.

use axum::{
    Json, Router,
    extract::State as Extract,
    http::{HeaderValue, StatusCode, header::SET_COOKIE, request::Parts},
    response::{AppendHeaders, Html, IntoResponse, Redirect, Response},
    routing::get,
};
use revento::{
    AuthorizationRequest,
    types::{Connection, error},
    with_axum::SignInError,
};
use serde_json::json;

use crate::{
    pages,
    routes::ShownEvent,
    state::{LOGIN, ME, State, WEBVIEW, login_scopes},
    views,
};

/// The login, and the page that asks who is signed in.
pub(crate) fn router() -> Router<State> {
    Router::new().route(LOGIN, get(login)).route(ME, get(me))
}

/// The page for the platform's frame. No other site may frame it.
pub(crate) fn framed(state: &State) -> Router<State> {
    Router::new()
        .route(WEBVIEW, get(webview))
        .route_layer(state.platform_frame.clone())
}

async fn login(Extract(state): Extract<State>, ShownEvent(event_id): ShownEvent, browser: Parts) -> Response {
    let scopes = login_scopes();
    let request = AuthorizationRequest { event_id, scopes };
    match state.flow_for(&browser).begin(&browser, &request).await {
        Ok(redirect) => redirect.into_response(),
        Err(error) => (error.status(), Html(pages::not_connected(&error))).into_response(),
    }
}

/// Begins the session of a participant who has logged in.
pub(crate) async fn signed_in(
    state: &State,
    browser: &Parts,
    connection: &Connection,
) -> Result<
    (
        AppendHeaders<[(axum::http::HeaderName, HeaderValue); 1]>,
        Redirect,
    ),
    SignInError,
> {
    let cookie = state.sessions.sign_in(&browser.headers, connection).await?;
    let page = state.signed_in_page(browser);
    Ok((AppendHeaders([(SET_COOKIE, cookie)]), Redirect::to(page.as_str())))
}

/// Leads to the page that shows whether somebody is signed in.
pub(crate) fn shown(state: &State, browser: &Parts) -> Redirect {
    Redirect::to(state.participant_page(browser))
}

/// Who is signed in, as the platform says now.
async fn me(Extract(state): Extract<State>, browser: Parts) -> Response {
    let session = match state.sessions.find(&browser.headers).await {
        Ok(Some(session)) => session,
        Ok(None) => return not_signed_in(),
        Err(error) => return (StatusCode::SERVICE_UNAVAILABLE, Html(pages::problem(&error))).into_response(),
    };
    match views::me(&state, &session).await {
        Ok(me) => ([("cache-control", "no-store")], Json(me)).into_response(),
        Err(error) if error.is_connection_ended() => not_signed_in(),
        Err(error) => {
            let body = json!({ "error": error::chain(&error).to_string(), "request_id": error.request_id() });
            (StatusCode::BAD_GATEWAY, Json(body)).into_response()
        }
    }
}

fn not_signed_in() -> Response {
    let body = json!({ "error": "sign_in", "login_url": LOGIN });
    (StatusCode::UNAUTHORIZED, Json(body)).into_response()
}

/// Leads to the login if nobody is signed in.
async fn webview(Extract(state): Extract<State>, browser: Parts) -> Response {
    match state.sessions.require(&browser).await {
        Ok(session) => Html(pages::webview(&session)).into_response(),
        Err(response) => response.into_response(),
    }
}
