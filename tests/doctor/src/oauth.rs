//! The authorization code flow with PKCE, for organizers and for participants (contract §2).

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row as _};
use subtle::ConstantTimeEq as _;

use crate::app::App;
use crate::machine::{digest, now, random_text};
use crate::pages::{self, sentence};
use crate::platform::{Answer, Failure};
use crate::{login, tokens};

/// How long a person may take, in seconds: longer than a consent page and a code together.
const FLOW_S: i64 = 1800;

/// Who consents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Organizer,
    Participant,
}

impl Kind {
    fn scopes(self) -> &'static str {
        match self {
            Self::Organizer => "event.read participants.read program.read",
            Self::Participant => "profile.read event.attendance",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Organizer => "organizer",
            Self::Participant => "participant",
        }
    }
}

/// `GET /connect[?event_id=…]`: from our first page, or from the platform's panel.
pub(crate) async fn connect(
    State(app): State<Arc<App>>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    if let Some(answer) = pages::not_a_visit(&method, &headers) {
        return answer;
    }
    let Some(event_id) = pages::event_id(&app, query.as_deref()) else {
        return sentence(
            StatusCode::BAD_REQUEST,
            "Which event?",
            "The address has to name one event.",
        );
    };
    begin(&app, Kind::Organizer, &event_id, false).await
}

/// Remembers a new flow and sends the browser to the consent page.
pub(crate) async fn begin(app: &App, kind: Kind, event_id: &str, framed: bool) -> Response {
    match try_begin(app, kind, event_id, framed).await {
        Ok((url, cookie)) => (
            StatusCode::FOUND,
            AppendHeaders([(LOCATION, url), (SET_COOKIE, cookie)]),
        )
            .into_response(),
        Err(error) => {
            tracing::error!(%error, "a flow could not begin");
            sentence(
                StatusCode::SERVICE_UNAVAILABLE,
                "Not available",
                "Please try again in a minute.",
            )
        }
    }
}

async fn try_begin(app: &App, kind: Kind, event_id: &str, framed: bool) -> anyhow::Result<(String, String)> {
    let (state, verifier, binding) = (random_text()?, random_text()?, random_text()?);
    let mut tx = app.store.begin().await?;
    sqlx::query("DELETE FROM flows WHERE created_at < ?")
        .bind(now() - FLOW_S)
        .execute(&mut *tx)
        .await?;
    let query = sqlx::query(
        "INSERT INTO flows (state, binding, verifier, event_id, kind, framed, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
    );
    let query = query
        .bind(digest(&state))
        .bind(digest(&binding))
        .bind(app.sealer.seal(&verifier, &digest(&state))?);
    query
        .bind(event_id)
        .bind(kind.name())
        .bind(framed)
        .bind(now())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("client_id", &app.settings.client_id)
        .append_pair("redirect_uri", &app.settings.redirect_uri())
        .append_pair("scope", kind.scopes())
        .append_pair("event_id", event_id)
        .append_pair("state", &state)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256")
        .finish();
    let cookie = pages::set_cookie(app, &cookie_name(&state), &binding, FLOW_S, framed);
    Ok((
        format!("{}/oauth/authorize?{query}", app.settings.auth_base),
        cookie,
    ))
}

/// Each flow has a cookie of its own, so that several tabs do not disturb each other.
fn cookie_name(state: &str) -> String {
    format!("flow_{}", digest(state).get(..16).unwrap_or_default())
}

struct Flow {
    binding: String,
    verifier: Vec<u8>,
    event_id: String,
    kind: String,
    framed: bool,
    used_at: Option<i64>,
}

impl FromRow<'_, SqliteRow> for Flow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            binding: row.try_get("binding")?,
            verifier: row.try_get("verifier")?,
            event_id: row.try_get("event_id")?,
            kind: row.try_get("kind")?,
            framed: row.try_get("framed")?,
            used_at: row.try_get("used_at")?,
        })
    }
}

/// Why a callback does not end in a connection: a status and a sentence for the person.
type Refusal = (StatusCode, &'static str);

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
const NOT_EXCHANGED: Refusal = (
    StatusCode::BAD_GATEWAY,
    "Revento did not confirm the consent. Please start again.",
);
const OTHER_BINDING: Refusal = (
    StatusCode::BAD_GATEWAY,
    "Revento confirmed something else than was asked for, so nothing was connected.",
);
const INTERNAL: Refusal = (
    StatusCode::SERVICE_UNAVAILABLE,
    "Our database does not answer. Please start again in a minute.",
);

/// `GET /callback`: the end of both flows.
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
    // The browser may go away. A code that was sent must end in a stored connection.
    let finishing =
        tokio::spawn(async move { finish(&app, &headers, query.as_deref().unwrap_or_default()).await });
    match finishing.await {
        Ok((cookies, Ok(()))) => {
            (StatusCode::SEE_OTHER, cookies_of(cookies), [(LOCATION, "/")]).into_response()
        }
        Ok((cookies, Err((status, text)))) => {
            (cookies_of(cookies), sentence(status, "Not connected", text)).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn cookies_of(
    cookies: Vec<String>,
) -> AppendHeaders<impl IntoIterator<Item = (axum::http::HeaderName, String)>> {
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
    let state = parameter(query, "state")?.ok_or(MALFORMED)?;
    let flow = find(app, &state).await.map_err(internal)?.ok_or(NOT_BEGUN_HERE)?;
    if flow.used_at.is_some() {
        return Err(USED);
    }
    let binding = pages::cookie(headers, &cookie_name(&state)).ok_or(NOT_BEGUN_HERE)?;
    if !bool::from(digest(&binding).as_bytes().ct_eq(flow.binding.as_bytes())) {
        return Err(NOT_BEGUN_HERE);
    }
    // From here on it is our flow, and it ends, whatever comes.
    cookies.push(pages::set_cookie(app, &cookie_name(&state), "", 0, flow.framed));
    if !use_up(app, &state).await.map_err(internal)? {
        return Err(USED);
    }
    let code = match (parameter(query, "code")?, parameter(query, "error")?) {
        (Some(code), None) => code,
        (None, Some(_)) => return Err(DECLINED),
        _ => return Err(MALFORMED),
    };
    let answer = exchange(app, &state, &code, &flow).await?;
    let kind = if flow.kind == Kind::Participant.name() {
        Kind::Participant
    } else {
        Kind::Organizer
    };
    check_binding(kind, &flow, &answer)?;
    let key = match (kind, answer.text("user_id")) {
        (Kind::Organizer, _) => flow.event_id.clone(),
        (Kind::Participant, user_id) => format!("{}/{}", flow.event_id, user_id.unwrap_or_default()),
    };
    tokens::connect(app, &key, &flow.event_id, &answer)
        .await
        .map_err(internal)?;
    tracing::info!(event_id = ?flow.event_id, kind = flow.kind, scope = answer.text("scope"), "connected");
    if kind == Kind::Participant {
        cookies.push(
            login::begin_session(app, &key, flow.framed)
                .await
                .map_err(internal)?,
        );
    }
    Ok(())
}

fn internal(error: impl Into<anyhow::Error>) -> Refusal {
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
async fn use_up(app: &App, state: &str) -> sqlx::Result<bool> {
    let query =
        sqlx::query("UPDATE flows SET used_at = ?, verifier = x'' WHERE state = ? AND used_at IS NULL");
    let used = query
        .bind(now())
        .bind(digest(state))
        .execute(app.store.pool())
        .await?;
    Ok(used.rows_affected() == 1)
}

/// Exchanges the code. It is never sent twice: a second use of a code revokes what the first has issued.
async fn exchange(app: &App, state: &str, code: &str, flow: &Flow) -> Result<Answer, Refusal> {
    let verifier = app
        .sealer
        .open(&flow.verifier, &digest(state))
        .map_err(internal)?;
    let redirect_uri = app.settings.redirect_uri();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri.as_str()),
        ("code_verifier", verifier.as_str()),
    ];
    match app
        .platform
        .token(
            &format!("{}/oauth/token", app.settings.auth_base),
            &app.settings,
            &form,
        )
        .await
    {
        Ok(answer) if answer.status.is_success() && answer.text("access_token").is_some() => Ok(answer),
        Ok(answer) => {
            tracing::error!(
                status = answer.status.as_u16(),
                error = answer.error(),
                "a code was not exchanged"
            );
            Err(NOT_EXCHANGED)
        }
        Err(Failure::NotSent | Failure::Lost) => Err(NOT_EXCHANGED),
    }
}

/// An answer for another event, another kind of token or wider scopes is not stored. A smaller grant is the organizer's right.
fn check_binding(kind: Kind, flow: &Flow, answer: &Answer) -> Result<(), Refusal> {
    let same_event = answer.text("event_id") == Some(&flow.event_id);
    let same_kind = (kind == Kind::Participant) == answer.text("user_id").is_some();
    let mut granted = answer.text("scope").unwrap_or_default().split_whitespace();
    let within = granted.all(|scope| kind.scopes().split(' ').any(|requested| requested == scope));
    if same_event && same_kind && within {
        Ok(())
    } else {
        Err(OTHER_BINDING)
    }
}
