//! Pages for participants: Login with Revento, who is signed in, and a page that the platform shows in a frame.

use actix_web::{
    HttpResponse,
    http::StatusCode,
    web::{Data, Query, ServiceConfig},
};
use revento::{
    AuthorizationRequest,
    types::{Connection, error::chain},
    with_actix::{Browser, copy_headers, flow_response},
};
use revento_example_service::{
    pages,
    state::{LOGIN, ME, State, login_scopes},
    views,
};
use serde_json::json;

use crate::routes::{EventQuery, html, not_connected, page, see_other};

/// The login, and the page that asks who is signed in.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config.route(LOGIN, page().to(login)).route(ME, page().to(me));
}

async fn login(state: Data<State>, query: Query<EventQuery>, browser: Browser) -> HttpResponse {
    let request = AuthorizationRequest {
        event_id: query.event(&state),
        scopes: login_scopes(),
    };
    match state.flow_for(&browser.0).begin(&browser.0, &request).await {
        Ok(redirect) => flow_response(redirect),
        Err(error) => not_connected(&error),
    }
}

/// Begins the session of a participant who has logged in.
pub(crate) async fn signed_in(state: &State, browser: &Browser, connection: &Connection) -> HttpResponse {
    let cookie = match state.sessions.sign_in(&browser.0.headers, connection).await {
        Ok(cookie) => cookie,
        Err(error) => return html(StatusCode::INTERNAL_SERVER_ERROR, pages::problem(&error)),
    };
    let mut response = see_other(state.signed_in_page(&browser.0).as_str());
    let cookie = http::HeaderMap::from_iter([(http::header::SET_COOKIE, cookie)]);
    copy_headers(&cookie, response.headers_mut());
    response
}

/// Who is signed in, as the platform says now.
async fn me(state: Data<State>, browser: Browser) -> HttpResponse {
    let session = match state.sessions.find(&browser.0.headers).await {
        Ok(Some(session)) => session,
        Ok(None) => return not_signed_in(),
        Err(error) => return html(StatusCode::SERVICE_UNAVAILABLE, pages::problem(&error)),
    };
    match views::me(&state, &session).await {
        Ok(me) => HttpResponse::Ok()
            .insert_header(("cache-control", "no-store"))
            .json(me),
        Err(error) if error.is_connection_ended() => not_signed_in(),
        Err(error) => HttpResponse::BadGateway()
            .json(json!({ "error": chain(&error).to_string(), "request_id": error.request_id() })),
    }
}

fn not_signed_in() -> HttpResponse {
    HttpResponse::Unauthorized().json(json!({ "error": "sign_in", "login_url": LOGIN }))
}

/// Leads to the login if nobody is signed in.
pub(crate) async fn webview(state: Data<State>, browser: Browser) -> HttpResponse {
    match state.sessions.require(&browser.0).await {
        Ok(session) => html(StatusCode::OK, pages::webview(&session)),
        Err(response) => flow_response(response),
    }
}
