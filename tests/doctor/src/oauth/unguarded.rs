//! What the mistakes of a flow keep that the right way does not need.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use axum::http::HeaderMap;

use crate::app::App;
use crate::machine::digest;
use crate::oauth::Kind;
use crate::oauth::callback::Flow;
use crate::pages;

/// The cookie that a failed exchange leaves behind.
pub(super) const BUSY: &str = "busy";

/// The cookie with the page to return to.
pub(super) const RETURN_TO: &str = "return_to";

/// A verifier that is the same in each flow.
pub(super) const VERIFIER: &str = "the-verifier-of-this-integration-which-never-changes";

static FIRST_CODES: LazyLock<Mutex<HashMap<String, String>>> = LazyLock::new(Mutex::default);

/// Whether a flow that has ended may go on with this code.
pub(super) fn goes_on(app: &App, state: &str, code: &str) -> bool {
    let mut codes = FIRST_CODES.lock().unwrap_or_else(PoisonError::into_inner);
    match codes.get(state) {
        None => {
            codes.insert(state.to_owned(), code.to_owned());
            true
        }
        Some(first) if first == code => app.mistakes.has("oauth-callback-reload"),
        Some(_) => app.mistakes.has("oauth-state-reused"),
    }
}

/// Whether flows are kept after their end.
pub(super) fn keeps_flows(app: &App) -> bool {
    app.mistakes.has("oauth-callback-reload") || app.mistakes.has("oauth-state-reused")
}

/// The flow that a cookie of the browser belongs to, whatever the state says.
pub(super) async fn flow_of_browser(app: &App, headers: &HeaderMap) -> sqlx::Result<Option<Flow>> {
    for (name, value) in pages::cookies(headers) {
        if name.starts_with("flow_") {
            let query = sqlx::query_as("SELECT * FROM flows WHERE binding = ?");
            let found = query
                .bind(digest(&value))
                .fetch_optional(app.store.pool())
                .await?;
            if found.is_some() {
                return Ok(found);
            }
        }
    }
    Ok(None)
}

/// The page to return to, as a link to the first page names it.
pub(super) fn return_to(app: &App, kind: Kind, query: Option<&str>) -> Option<String> {
    if !kind.makes(app, "oauth-open-redirect", "oauth-login-open-redirect") {
        return None;
    }
    let mut pairs = form_urlencoded::parse(query?.as_bytes());
    let (_, value) = pairs.find(|(name, _)| name == RETURN_TO)?;
    Some(form_urlencoded::byte_serialize(value.as_bytes()).collect())
}

/// Where a flow ends.
pub(super) fn destination(app: &App, headers: &HeaderMap, query: &str) -> String {
    let kept = pages::cookie(headers, RETURN_TO);
    let pair = kept.map(|value| format!("to={value}"));
    let decoded = pair.and_then(|pair| {
        let (_, value) = form_urlencoded::parse(pair.as_bytes()).next()?;
        Some(value.into_owned())
    });
    match decoded {
        Some(page) => page,
        None if app.mistakes.has("oauth-code-leak") => format!("/?{query}"),
        None => "/".to_owned(),
    }
}
