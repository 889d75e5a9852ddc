//! The pages.

use std::time::Duration;

use actix_web::{
    HttpResponse,
    http::header::{CONTENT_SECURITY_POLICY, LOCATION},
    web::{Data, Query, ServiceConfig, get},
};
use http::Uri;
use revento::{
    AuthorizationRequest, Client, Error, Retry, Scope, Scopes,
    types::{Connection, EventId, TokenKind, error::chain},
    with_actix::{
        AuthorizationFlow, Browser, FlowError, FlowOutcome, LocalPath, WebviewSessions, copy_headers,
        flow_response, with_flow_headers,
    },
};
use serde::Deserialize;
use serde_json::json;

use crate::handled::Handled;

pub(crate) const LOGIN: &str = "/login";
const ME: &str = "/me";
const WEBVIEW: &str = "/webview";

/// Somebody waits for the page, so an error is better than a wait for the next hour's budget.
const DEADLINE: Duration = Duration::from_secs(20);

/// What the pages share.
pub(crate) struct State {
    pub(crate) client: Client,
    pub(crate) flow: AuthorizationFlow,
    /// For a login in the platform's frame.
    pub(crate) framed_flow: AuthorizationFlow,
    pub(crate) sessions: WebviewSessions,
    pub(crate) handled: Handled,
    /// The event of a page whose address names none.
    pub(crate) event_id: EventId,
    /// Who may show our page in a frame.
    pub(crate) platform_origin: String,
}

impl State {
    fn is_framed(&self, browser: &Browser) -> bool {
        self.flow.leave_frame(&browser.0).is_some()
    }

    /// Inside of a frame a flow needs cookies of another kind.
    fn flow_for(&self, browser: &Browser) -> &AuthorizationFlow {
        if self.is_framed(browser) {
            &self.framed_flow
        } else {
            &self.flow
        }
    }

    fn event(&self, query: &EventQuery) -> EventId {
        let named = query.event_id.as_deref().filter(|id| !id.is_empty());
        named.map_or_else(|| self.event_id.clone(), EventId::from)
    }
}

#[derive(Deserialize)]
struct EventQuery {
    event_id: Option<String>,
}

pub(crate) fn configure(config: &mut ServiceConfig) {
    // `get` alone answers HEAD with 404. The flow answers it without a beginning.
    let and_head = || actix_web::guard::Any(actix_web::guard::Get()).or(actix_web::guard::Head());
    let page = || actix_web::web::route().guard(and_head());
    config
        .route("/", get().to(index))
        .route("/connect", page().to(connect))
        .route("/callback", page().to(callback))
        .route("/participants", get().to(participants))
        .route("/handled", get().to(handled))
        .route(LOGIN, page().to(login))
        .route(ME, get().to(me))
        .route(WEBVIEW, get().to(webview))
        .route("/healthz", get().to(async || HttpResponse::NoContent().finish()))
        .route("/readyz", get().to(ready));
}

async fn index(state: Data<State>, query: Query<EventQuery>) -> HttpResponse {
    let event = state.event(&query);
    let text = match state.client.connection(event).await {
        Ok(Some(connection)) if connection.status.is_live() => "Connected.",
        Ok(_) => "Not connected. <a href=\"/connect\">Connect</a>",
        Err(error) => return unavailable(&error),
    };
    html(text)
}

async fn connect(state: Data<State>, query: Query<EventQuery>, browser: Browser) -> HttpResponse {
    let scopes = [Scope::EventRead, Scope::ParticipantsRead, Scope::ProgramRead];
    begin(&state, &query, &browser, scopes.into()).await
}

async fn login(state: Data<State>, query: Query<EventQuery>, browser: Browser) -> HttpResponse {
    let scopes = [Scope::ProfileRead, Scope::EventAttendance];
    begin(&state, &query, &browser, scopes.into()).await
}

async fn begin(state: &State, query: &EventQuery, browser: &Browser, scopes: Scopes) -> HttpResponse {
    let event_id = state.event(query);
    let request = AuthorizationRequest { event_id, scopes };
    match state.flow_for(browser).begin(&browser.0, &request).await {
        Ok(redirect) => flow_response(redirect),
        Err(error) => flow_response(error.to_response()),
    }
}

async fn callback(state: Data<State>, browser: Browser) -> HttpResponse {
    let FlowOutcome { headers, result } = state.flow_for(&browser).finish(&browser.0).await;
    let answer = match result {
        Ok(finished) => finished_page(&state, &browser, &finished.connection).await,
        // Another request has finished the flow, or tried to. These pages show what came of it.
        Err(FlowError::AlreadyUsed {
            token_kind: TokenKind::User,
            ..
        }) => see_other(&participant_page(&state, &browser)),
        Err(FlowError::AlreadyUsed { event_id, .. }) => see_other(&event_page(&event_id)),
        Err(error) => flow_response(error.to_response()),
    };
    with_flow_headers(headers, answer)
}

/// Where a finished flow leads. A login begins a session.
async fn finished_page(state: &State, browser: &Browser, connection: &Connection) -> HttpResponse {
    if connection.key.user_id.is_none() {
        return see_other(&event_page(&connection.key.event_id));
    }
    let cookie = match state.sessions.sign_in(&browser.0.headers, connection).await {
        Ok(cookie) => cookie,
        Err(error) => return HttpResponse::InternalServerError().body(chain(&error).to_string()),
    };
    let page = if state.is_framed(browser) {
        state.sessions.return_path(Some(WEBVIEW))
    } else {
        LocalPath::of(&Uri::from_static(ME))
    };
    let mut answer = see_other(&page);
    let headers = http::HeaderMap::from_iter([(http::header::SET_COOKIE, cookie)]);
    copy_headers(&headers, answer.headers_mut());
    answer
}

fn event_page(event_id: &EventId) -> LocalPath {
    LocalPath::root().with_parameter("event_id", event_id.as_str())
}

/// The page that shows whether somebody is signed in.
fn participant_page(state: &State, browser: &Browser) -> LocalPath {
    let page = if state.is_framed(browser) { WEBVIEW } else { ME };
    LocalPath::of(&Uri::from_static(page))
}

fn see_other(page: &LocalPath) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((LOCATION, page.as_str()))
        .finish()
}

/// Reads all participants now.
async fn participants(state: Data<State>, query: Query<EventQuery>) -> HttpResponse {
    let event_id = state.event(&query);
    match read(&state.client, &event_id).await {
        Ok(ids) => HttpResponse::Ok().json(json!({ "ids": ids })),
        Err(error) if error.is_connection_ended() || error.missing_scope().is_some() => {
            let connect = LocalPath::of(&Uri::from_static("/connect"));
            let connect = connect.with_parameter("event_id", event_id.as_str());
            HttpResponse::Conflict().json(json!({ "error": "reconnect", "connect_url": connect.as_str() }))
        }
        Err(error) => unavailable(&error),
    }
}

async fn read(client: &Client, event_id: &EventId) -> Result<Vec<String>, Box<Error>> {
    let retry = Retry::default().deadline(DEADLINE);
    let event = client.event(event_id.clone()).with_retry(retry);
    let mut pages = event.participants().pages();
    let mut ids = Vec::new();
    while let Some(page) = pages.next_page().await? {
        ids.extend(page.iter().map(|person| person.id.to_string()));
    }
    Ok(ids)
}

/// The webhooks that were handled.
async fn handled(state: Data<State>) -> HttpResponse {
    match state.handled.entries() {
        Ok(entries) => HttpResponse::Ok().json(entries),
        Err(error) => unavailable(&error),
    }
}

/// Who is signed in, as the platform says now.
async fn me(state: Data<State>, browser: Browser) -> HttpResponse {
    let session = match state.sessions.find(&browser.0.headers).await {
        Ok(Some(session)) => session,
        Ok(None) => return not_signed_in(),
        Err(error) => return unavailable(&error),
    };
    let user = state
        .client
        .user(session.event_id.clone(), session.user_id.clone());
    // What the participant did not grant is null.
    let profile = match user.profile().await {
        Ok(profile) => json!({ "name": profile.name, "email": profile.email }),
        Err(error) if error.missing_scope().is_some() => json!(null),
        Err(error) if error.is_connection_ended() => return not_signed_in(),
        Err(error) => return unavailable(&error),
    };
    let application = match user.application().await {
        Ok(application) => json!({ "id": application.id, "status": application.status }),
        Err(error) if error.missing_scope().is_some() => json!(null),
        Err(error) if error.is_connection_ended() => return not_signed_in(),
        Err(error) => return unavailable(&error),
    };
    HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .json(json!({
            "event_id": session.event_id, "user_id": session.user_id, "profile": profile, "application": application,
        }))
}

/// Whether this process can use the store. A load balancer sends no more requests here while it cannot.
async fn ready(state: Data<State>) -> HttpResponse {
    match state.client.connection(state.event_id.clone()).await {
        Ok(_) => HttpResponse::NoContent().finish(),
        Err(error) => unavailable(&error),
    }
}

fn not_signed_in() -> HttpResponse {
    HttpResponse::Unauthorized().json(json!({ "error": "sign_in", "login_url": LOGIN }))
}

/// The page in the platform's frame. Leads to the login if nobody is signed in.
async fn webview(state: Data<State>, browser: Browser) -> HttpResponse {
    let mut answer = match state.sessions.require(&browser.0).await {
        Ok(_) => html("You are signed in."),
        Err(response) => flow_response(response),
    };
    let policy = format!("frame-ancestors {}", state.platform_origin);
    if let Ok(policy) = policy.parse() {
        answer.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    answer
}

fn html(text: &str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .body(format!(
            "<!doctype html><html lang=\"en\"><title>Integration</title><p>{text}</p>"
        ))
}

fn unavailable(error: &(dyn std::error::Error + 'static)) -> HttpResponse {
    HttpResponse::ServiceUnavailable()
        .insert_header(("retry-after", "5"))
        .json(json!({ "error": "unavailable", "message": chain(error).to_string() }))
}
