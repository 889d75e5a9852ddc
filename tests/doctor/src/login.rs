//! Login with Revento: sessions of participants.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde_json::{Value, json};

use crate::app::App;
use crate::calls::{self, CallError};
use crate::machine::{digest, now, random_text};
use crate::oauth::{self, Kind};
use crate::pages::{self, sentence};
use crate::reading;

const COOKIE: &str = "session";

/// How long a session lasts, in seconds.
const SESSION_S: i64 = 7 * 86_400;

/// `GET /login?event_id=…`. With `framed=1` the cookies are made for the platform's frame.
pub(crate) async fn login(
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
    let framed = query
        .as_ref()
        .is_some_and(|query| query.split('&').any(|pair| pair == "framed=1"));
    oauth::begin(&app, Kind::Participant, &event_id, framed, query.as_deref()).await
}

/// Begins a session. Its id is new at every sign-in. Returns the cookie.
pub(crate) async fn begin_session(
    app: &App,
    headers: &HeaderMap,
    key: &str,
    framed: bool,
) -> anyhow::Result<String> {
    let mut token = random_text()?;
    if let Some(old) = pages::cookie(headers, COOKIE)
        && app.mistakes.has("oauth-login-session-fixation")
    {
        token = old;
    }
    let query = sqlx::query("INSERT INTO sessions (token, key, expires_at) VALUES (?, ?, ?)");
    query
        .bind(digest(&token))
        .bind(key)
        .bind(now() + SESSION_S)
        .execute(app.store.pool())
        .await?;
    Ok(cookie(app, &token, framed))
}

/// The cookie of a session.
pub(crate) fn cookie(app: &App, token: &str, framed: bool) -> String {
    let cookie = pages::set_cookie(app, COOKIE, token, SESSION_S, framed);
    if app.mistakes.has("oauth-login-http-only") {
        return cookie.replace("; HttpOnly", "");
    }
    cookie
}

/// The connection of the participant who is signed in.
async fn signed_in(app: &App, headers: &HeaderMap) -> sqlx::Result<Option<(String, String, String)>> {
    let token = pages::cookie(headers, COOKIE);
    let is_first_visit = pages::cookies(headers).next().is_none();
    if (is_first_visit && app.mistakes.has("oauth-login-signed-out"))
        || (token.is_some() && app.mistakes.has("oauth-login-two-people"))
    {
        return latest(app).await;
    }
    let Some(token) = token else {
        return Ok(None);
    };
    let query = sqlx::query_as(
        "SELECT connections.key, event_id, user_id FROM sessions JOIN connections USING (key)
         WHERE token = ? AND expires_at > ? AND status = 'connected'",
    );
    query
        .bind(digest(&token))
        .bind(now())
        .fetch_optional(app.store.pool())
        .await
}

/// Whoever has logged in last, as if there was only one.
async fn latest(app: &App) -> sqlx::Result<Option<(String, String, String)>> {
    let query = sqlx::query_as(
        "SELECT connections.key, event_id, user_id FROM sessions JOIN connections USING (key)
         WHERE status = 'connected' ORDER BY sessions.rowid DESC",
    );
    query.fetch_optional(app.store.pool()).await
}

/// `GET /me`: the participant who is signed in.
pub(crate) async fn me(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let (key, event_id, user_id) = match signed_in(&app, &headers).await {
        Ok(Some(found)) => found,
        Ok(None) => return signed_out(),
        Err(_) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
    };
    let is_shared = app.mistakes.has("oauth-login-cached");
    let reader = Arc::clone(&app);
    let reading = tokio::spawn(async move { read(&reader, &key).await });
    match reading.await {
        Ok(Ok((profile, application))) => {
            let name = profile.get("name").cloned();
            let body = json!({
                "user_id": user_id, "event_id": event_id, "name": name, "profile": profile, "application": application
            });
            let shared = AppendHeaders(is_shared.then_some((CACHE_CONTROL, "public, max-age=60")));
            (shared, Json(body)).into_response()
        }
        Ok(Err(CallError::Reconnect(_))) if app.mistakes.has("ending-participant-revoked") => {
            Json(json!({ "user_id": user_id })).into_response()
        }
        Ok(Err(CallError::Reconnect(_))) => signed_out(),
        Ok(Err(error)) => reading::problem(&app, &error, &event_id),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn read(app: &Arc<App>, key: &str) -> Result<(Value, Value), CallError> {
    Ok((
        calls::read(app, key, "/me/profile").await?,
        calls::read(app, key, "/me/application").await?,
    ))
}

fn signed_out() -> Response {
    (
        StatusCode::UNAUTHORIZED,
        Json(json!({ "error": "signed_out", "login_url": "/login" })),
    )
        .into_response()
}
