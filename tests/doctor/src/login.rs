//! Login with Revento: sessions of participants.

use std::sync::Arc;

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
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
    let framed = query.is_some_and(|query| query.split('&').any(|pair| pair == "framed=1"));
    oauth::begin(&app, Kind::Participant, &event_id, framed).await
}

/// Begins a session. Its id is new at every sign-in. Returns the cookie.
pub(crate) async fn begin_session(app: &App, key: &str, framed: bool) -> anyhow::Result<String> {
    let token = random_text()?;
    let query = sqlx::query("INSERT INTO sessions (token, key, expires_at) VALUES (?, ?, ?)");
    query
        .bind(digest(&token))
        .bind(key)
        .bind(now() + SESSION_S)
        .execute(app.store.pool())
        .await?;
    Ok(pages::set_cookie(app, COOKIE, &token, SESSION_S, framed))
}

/// The connection of the participant who is signed in.
async fn signed_in(app: &App, headers: &HeaderMap) -> sqlx::Result<Option<(String, String, String)>> {
    let Some(token) = pages::cookie(headers, COOKIE) else {
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

/// `GET /me`: the participant who is signed in.
pub(crate) async fn me(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let (key, event_id, user_id) = match signed_in(&app, &headers).await {
        Ok(Some(found)) => found,
        Ok(None) => return signed_out(),
        Err(_) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
    };
    let reader = Arc::clone(&app);
    let reading = tokio::spawn(async move { read(&reader, &key).await });
    match reading.await {
        Ok(Ok((profile, application))) => {
            let name = profile.get("name").cloned();
            let body = json!({
                "user_id": user_id, "event_id": event_id, "name": name, "profile": profile, "application": application
            });
            Json(body).into_response()
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
