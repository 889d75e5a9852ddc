//! The beginning of a flow: it is remembered, and the browser is sent to the consent page.

use std::sync::atomic::{AtomicI64, Ordering};

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, LOCATION, SET_COOKIE};
use axum::response::{AppendHeaders, IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::{FLOW_S, Kind, unguarded};
use crate::app::App;
use crate::login;
use crate::machine::{digest, now, now_ms, random_text};
use crate::pages::{self, sentence};

/// Remembers a new flow and sends the browser to the consent page.
pub(crate) async fn begin(
    app: &App,
    kind: Kind,
    event_id: &str,
    framed: bool,
    query: Option<&str>,
) -> Response {
    let begun = try_begin(app, kind, event_id, framed).await;
    let (url, mut cookies) = match begun {
        Ok(begun) => begun,
        Err(error) => {
            tracing::error!(%error, "a flow could not begin");
            return sentence(
                StatusCode::SERVICE_UNAVAILABLE,
                "Not available",
                "Please try again in a minute.",
            );
        }
    };
    if let Some(page) = unguarded::return_to(app, kind, query) {
        cookies.push(pages::set_cookie(
            app,
            unguarded::RETURN_TO,
            &page,
            FLOW_S,
            framed,
        ));
    }
    let cookies = AppendHeaders(cookies.into_iter().map(|cookie| (SET_COOKIE, cookie)));
    if kind == Kind::Organizer && app.mistakes.has("oauth-begin-cached") {
        let headers = [(LOCATION, url), (CACHE_CONTROL, "max-age=86400".to_owned())];
        return (StatusCode::MOVED_PERMANENTLY, headers, cookies).into_response();
    }
    (StatusCode::FOUND, [(LOCATION, url)], cookies).into_response()
}

/// The authorization request, and the cookies that bind the flow to the browser.
async fn try_begin(
    app: &App,
    kind: Kind,
    event_id: &str,
    framed: bool,
) -> anyhow::Result<(String, Vec<String>)> {
    let (state, verifier, binding) = (state(app, kind)?, verifier(app, kind)?, random_text()?);
    let mut tx = app.store.begin().await?;
    sqlx::query("DELETE FROM flows WHERE created_at < ?")
        .bind(now() - FLOW_S)
        .execute(&mut *tx)
        .await?;
    if kind == Kind::Organizer && app.mistakes.has("oauth-prefetch") {
        let query = sqlx::query("DELETE FROM flows WHERE event_id = ? AND kind = 'organizer'");
        query.bind(event_id).execute(&mut *tx).await?;
    }
    let query = sqlx::query(
        "INSERT OR REPLACE INTO flows (state, binding, verifier, event_id, kind, framed, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
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
    let request = request(app, kind, event_id, &state, &verifier);
    let name = cookie_name(app, kind.name(), &digest(&state));
    let mut cookies = vec![cookie(app, kind, &name, &binding, framed)];
    if kind == Kind::Participant && app.mistakes.has("oauth-login-session-fixation") {
        cookies.push(login::cookie(app, &random_text()?, framed));
    }
    Ok((request, cookies))
}

fn state(app: &App, kind: Kind) -> anyhow::Result<String> {
    static NUMBER: AtomicI64 = AtomicI64::new(0);
    match kind {
        Kind::Organizer if app.mistakes.has("oauth-state-fresh") => Ok("connecting".to_owned()),
        Kind::Organizer if app.mistakes.has("oauth-state-guessable") => {
            NUMBER.fetch_max(now_ms(), Ordering::Relaxed);
            Ok(NUMBER.fetch_add(1, Ordering::Relaxed).to_string())
        }
        _ => random_text(),
    }
}

fn verifier(app: &App, kind: Kind) -> anyhow::Result<String> {
    if kind.makes(app, "oauth-verifier-fresh", "oauth-login-fresh") {
        return Ok(unguarded::VERIFIER.to_owned());
    }
    let mut verifier = random_text()?;
    if kind == Kind::Organizer && app.mistakes.has("oauth-verifier") {
        verifier.truncate(20);
    }
    Ok(verifier)
}

fn request(app: &App, kind: Kind, event_id: &str, state: &str, verifier: &str) -> String {
    let makes = |mistake: &str| kind == Kind::Organizer && app.mistakes.has(mistake);
    let mut scope = kind.scopes().to_owned();
    if kind.makes(app, "oauth-scopes", "oauth-login-request") {
        scope.push_str(" program.write");
    }
    let (challenge, method) = if makes("oauth-pkce") {
        (verifier.to_owned(), "plain")
    } else {
        (BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)), "S256")
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("response_type", "code")
        .append_pair("client_id", &app.settings.client_id)
        .append_pair("redirect_uri", &app.settings.redirect_uri())
        .append_pair("scope", &scope)
        .append_pair("event_id", event_id)
        .append_pair("state", state)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", method);
    if makes("oauth-secret-in-url") {
        query.append_pair("client_secret", &app.settings.client_secret);
    }
    format!("{}/oauth/authorize?{}", app.settings.auth_base, query.finish())
}

/// Each flow has a cookie of its own, so that several tabs do not disturb each other.
pub(super) fn cookie_name(app: &App, kind: &str, state_digest: &str) -> String {
    if kind == Kind::Organizer.name() && app.mistakes.has("oauth-two-tabs") {
        return "flow".to_owned();
    }
    format!("flow_{}", state_digest.get(..16).unwrap_or_default())
}

fn cookie(app: &App, kind: Kind, name: &str, binding: &str, framed: bool) -> String {
    let makes = |mistake: &str| kind == Kind::Organizer && app.mistakes.has(mistake);
    let mut cookie = pages::set_cookie(app, name, binding, FLOW_S, framed);
    if makes("oauth-cookie-http-only") {
        cookie = cookie.replace("; HttpOnly", "");
    }
    if makes("oauth-cookie-same-site") {
        cookie = cookie.replace("SameSite=Lax", "SameSite=Strict");
    }
    if makes("oauth-cookie-valid") {
        cookie = cookie.replace("SameSite=Lax", "SameSite=None");
    }
    cookie
}
