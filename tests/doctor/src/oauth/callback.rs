//! `GET /callback`: the end of both flows.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, Method, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row as _};
use subtle::ConstantTimeEq as _;

use super::begin::cookie_name;
use super::exchange::{check_binding, exchange};
use super::{FLOW_S, Kind, unguarded};
use crate::app::App;
use crate::machine::{digest, now};
use crate::pages::{self, sentence};
use crate::platform::Answer;
use crate::{login, tokens};

pub(super) struct Flow {
    /// The digest of the state.
    pub(super) state: String,
    binding: String,
    pub(super) verifier: Vec<u8>,
    pub(super) event_id: String,
    kind: String,
    framed: bool,
    used_at: Option<i64>,
}

impl FromRow<'_, SqliteRow> for Flow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            state: row.try_get("state")?,
            binding: row.try_get("binding")?,
            verifier: row.try_get("verifier")?,
            event_id: row.try_get("event_id")?,
            kind: row.try_get("kind")?,
            framed: row.try_get("framed")?,
            used_at: row.try_get("used_at")?,
        })
    }
}

impl Flow {
    pub(super) fn kind(&self) -> Kind {
        if self.kind == Kind::Participant.name() {
            Kind::Participant
        } else {
            Kind::Organizer
        }
    }

    pub(super) fn is_of(&self, kind: Kind) -> bool {
        self.kind() == kind
    }

    /// The cookie of this flow with this value and lifetime.
    fn cookie(&self, app: &App, value: &str, seconds: i64) -> String {
        let name = cookie_name(app, &self.kind, &self.state);
        pages::set_cookie(app, &name, value, seconds, self.framed)
    }
}

/// Why a callback does not end in a connection: a status and a sentence for the person.
pub(super) type Refusal = (StatusCode, &'static str);

const NOT_BEGUN_HERE: Refusal = (
    StatusCode::BAD_REQUEST,
    "This did not begin in this browser, or too long ago. Please start again.",
);
const USED: Refusal = (
    StatusCode::BAD_REQUEST,
    "This was finished already, so there is nothing to do. If something is missing, start again from the first page.",
);
const MALFORMED: Refusal = (
    StatusCode::BAD_REQUEST,
    "The address of this page is damaged. Please start again.",
);
const DECLINED: Refusal = (
    StatusCode::FORBIDDEN,
    "Access was not granted, so nothing was connected.",
);
pub(super) const NOT_EXCHANGED: Refusal = (
    StatusCode::BAD_GATEWAY,
    "Revento did not confirm the consent. Please start again.",
);
pub(super) const OTHER_BINDING: Refusal = (
    StatusCode::BAD_GATEWAY,
    "Revento confirmed something else than was asked for, so nothing was connected.",
);
const INTERNAL: Refusal = (
    StatusCode::SERVICE_UNAVAILABLE,
    "Our database does not answer. Please start again in a minute.",
);
const CRASHED: Refusal = (StatusCode::INTERNAL_SERVER_ERROR, "internal error");

/// `GET /callback`.
pub(crate) async fn callback(
    State(app): State<Arc<App>>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    if let Some(answer) = pages::not_a_visit(&method, &headers) {
        return answer;
    }
    if app.mistakes.has("storage-log-codes") {
        tracing::info!(query, "GET /callback");
    }
    let query = query.unwrap_or_default();
    let destination = unguarded::destination(&app, &headers, &query);
    let is_cached = app.mistakes.has("oauth-callback-cached");
    // The browser may go away. A code that was sent must end in a stored connection.
    let finishing = tokio::spawn(async move { finish(&app, &headers, &query).await });
    let mut response = match finishing.await {
        Ok((cookies, Ok(()))) => (
            StatusCode::SEE_OTHER,
            cookies_of(cookies),
            [(LOCATION, destination)],
        )
            .into_response(),
        Ok((cookies, Err((status, text)))) => {
            (cookies_of(cookies), sentence(status, "Not connected", text)).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    if is_cached {
        let lifetime = axum::http::HeaderValue::from_static("public, max-age=3600");
        response.headers_mut().insert(CACHE_CONTROL, lifetime);
    }
    response
}

fn cookies_of(cookies: Vec<String>) -> AppendHeaders<impl IntoIterator<Item = (HeaderName, String)>> {
    AppendHeaders(cookies.into_iter().map(|cookie| (SET_COOKIE, cookie)))
}

async fn finish(app: &Arc<App>, headers: &HeaderMap, query: &str) -> (Vec<String>, Result<(), Refusal>) {
    let mut cookies = Vec::new();
    let result = try_finish(app, headers, query, &mut cookies).await;
    if let Err((status, reason)) = result {
        tracing::warn!(status = status.as_u16(), reason, "a callback was refused");
    }
    (cookies, result)
}

async fn try_finish(
    app: &Arc<App>,
    headers: &HeaderMap,
    query: &str,
    cookies: &mut Vec<String>,
) -> Result<(), Refusal> {
    let flow = flow(app, headers, query).await?;
    if flow.used_at.is_some() {
        return Err(USED);
    }
    check_browser(app, headers, &flow, cookies)?;
    let outcome = (parameter(query, "code")?, parameter(query, "error")?);
    if unguarded::keeps_flows(app) {
        let code = outcome.0.as_deref().unwrap_or_default();
        if !unguarded::goes_on(app, &flow.state, code) {
            return Err(USED);
        }
    } else {
        // From here on it is our flow, and it ends, whatever comes.
        cookies.push(flow.cookie(app, "", 0));
        if !use_up(app, &flow.state).await.map_err(internal)? {
            return Err(USED);
        }
    }
    let code = match outcome {
        (Some(code), None) => code,
        (None, Some(_)) => return Err(declined(app, &flow).await.map_err(internal)?),
        _ => return Err(MALFORMED),
    };
    let answer = exchange(app, &code, &flow).await.inspect_err(|(status, _)| {
        if *status == StatusCode::BAD_GATEWAY && app.mistakes.has("oauth-token-endpoint-down") {
            cookies.push(pages::set_cookie(app, unguarded::BUSY, "1", FLOW_S, false));
        }
    })?;
    check_binding(app, &flow, &answer)?;
    store(app, headers, &flow, &answer, cookies).await?;
    if flow.is_of(Kind::Organizer) && app.mistakes.has("oauth-connect") {
        return Err(CRASHED);
    }
    Ok(())
}

/// The flow that the callback belongs to.
async fn flow(app: &App, headers: &HeaderMap, query: &str) -> Result<Flow, Refusal> {
    let (found, mistake) = match parameter(query, "state")? {
        Some(state) => (find(app, &state).await.map_err(internal)?, "oauth-state-forged"),
        None => (None, "oauth-state-missing"),
    };
    match found {
        Some(flow) => Ok(flow),
        None if app.mistakes.has(mistake) => {
            let found = unguarded::flow_of_browser(app, headers).await;
            found.map_err(internal)?.ok_or(NOT_BEGUN_HERE)
        }
        None => Err(NOT_BEGUN_HERE),
    }
}

/// The flow has to have begun in this browser.
fn check_browser(
    app: &App,
    headers: &HeaderMap,
    flow: &Flow,
    cookies: &mut Vec<String>,
) -> Result<(), Refusal> {
    let kind = flow.kind();
    if kind.makes(app, "oauth-state-foreign-browser", "oauth-login-foreign-browser") {
        return Ok(());
    }
    let binding = pages::cookie(headers, &cookie_name(app, kind.name(), &flow.state));
    let binding = digest(binding.ok_or(NOT_BEGUN_HERE)?);
    if bool::from(binding.as_bytes().ct_eq(flow.binding.as_bytes())) {
        return Ok(());
    }
    if app.mistakes.has("oauth-two-tabs") {
        cookies.push(flow.cookie(app, "", 0));
    }
    Err(NOT_BEGUN_HERE)
}

async fn declined(app: &App, flow: &Flow) -> sqlx::Result<Refusal> {
    let kind = flow.kind();
    if kind == Kind::Organizer && app.mistakes.has("oauth-denied-keeps-connection") {
        let query = sqlx::query("UPDATE connections SET status = 'needs_consent' WHERE key = ?");
        query.bind(&flow.event_id).execute(app.store.pool()).await?;
    }
    if kind.makes(app, "oauth-denied", "oauth-login-refused") {
        return Ok(CRASHED);
    }
    Ok(DECLINED)
}

/// Stores the tokens, and begins the session of a participant.
async fn store(
    app: &Arc<App>,
    headers: &HeaderMap,
    flow: &Flow,
    answer: &Answer,
    cookies: &mut Vec<String>,
) -> Result<(), Refusal> {
    let kind = flow.kind();
    let key = match (kind, answer.text("user_id")) {
        (Kind::Organizer, _) => flow.event_id.clone(),
        (Kind::Participant, user_id) => format!("{}/{}", flow.event_id, user_id.unwrap_or_default()),
    };
    tokens::connect(app, &key, &flow.event_id, answer)
        .await
        .map_err(internal)?;
    tracing::info!(event_id = ?flow.event_id, kind = kind.name(), scope = answer.text("scope"), "connected");
    if kind == Kind::Participant && !app.mistakes.has("oauth-login") {
        let begun = login::begin_session(app, headers, &key, flow.framed).await;
        cookies.push(begun.map_err(internal)?);
    }
    if kind == Kind::Organizer && app.mistakes.has("oauth-tokens-in-browser") {
        let token = answer.text("access_token").unwrap_or_default();
        cookies.push(pages::set_cookie(app, "token", token, FLOW_S, false));
    }
    Ok(())
}

pub(super) fn internal(error: impl Into<anyhow::Error>) -> Refusal {
    tracing::error!(error = %error.into(), "a callback failed");
    INTERNAL
}

/// A parameter that is there once at most.
fn parameter(query: &str, name: &str) -> Result<Option<String>, Refusal> {
    let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(found, _)| found == name);
    let value = values.next().map(|(_, value)| value.into_owned());
    if values.next().is_some() {
        Err(MALFORMED)
    } else {
        Ok(value.filter(|value| !value.is_empty()))
    }
}

async fn find(app: &App, state: &str) -> sqlx::Result<Option<Flow>> {
    let query = sqlx::query_as("SELECT * FROM flows WHERE state = ? AND created_at >= ?");
    query
        .bind(digest(state))
        .bind(now() - FLOW_S)
        .fetch_optional(app.store.pool())
        .await
}

/// Marks a flow as used. False if another request, perhaps at another replica, was faster.
async fn use_up(app: &App, state_digest: &str) -> sqlx::Result<bool> {
    let query =
        sqlx::query("UPDATE flows SET used_at = ?, verifier = x'' WHERE state = ? AND used_at IS NULL");
    let used = query
        .bind(now())
        .bind(state_digest)
        .execute(app.store.pool())
        .await?;
    Ok(used.rows_affected() == 1)
}
