//! What the pages for people have in common.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, COOKIE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use crate::app::App;

/// A page.
pub(crate) fn page(title: &str, content: &Markup) -> Html<String> {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { (title) } }
            body { main { h1 { (title) } (content) } }
        }
    };
    Html(page.into_string())
}

/// A page with one sentence and a way on.
pub(crate) fn sentence(status: StatusCode, title: &str, sentence: &str) -> Response {
    let content = html! { p { (sentence) } p { a href="/" { "Back to the first page" } } };
    (status, page(title, &content)).into_response()
}

/// `GET /`.
pub(crate) async fn index(State(app): State<Arc<App>>) -> Response {
    let query = sqlx::query_as::<_, (String, String)>(
        "SELECT event_id, status FROM connections WHERE user_id IS NULL",
    );
    let Ok(connections) = query.fetch_all(app.store.pool()).await else {
        return sentence(
            StatusCode::SERVICE_UNAVAILABLE,
            "Not available",
            "The database does not answer. Try again soon.",
        );
    };
    let content = html! {
        ul {
            @for (event_id, status) in &connections {
                li { (event_id) ": " @if status == "connected" { "connected" } @else { "not connected any more" } }
            }
        }
        p { a href="/connect" rel="nofollow" { "Connect with Revento" } }
        p { a href="/login" rel="nofollow" { "Log in with Revento" } }
    };
    page("Badges", &content).into_response()
}

/// Headers that every answer has, unless its page says otherwise.
pub(crate) async fn protect(State(app): State<Arc<App>>, mut response: Response) -> Response {
    let headers = response.headers_mut();
    let policy = if app.mistakes.has("webview-other-pages") {
        "default-src 'self'"
    } else {
        "frame-ancestors 'none'"
    };
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, policy),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// The parameter `event_id`, or the configured event. `None` if it is blank or there twice.
pub(crate) fn event_id(app: &App, query: Option<&str>) -> Option<String> {
    let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let mut named = pairs
        .filter(|(name, _)| name == "event_id")
        .map(|(_, value)| value.into_owned());
    match (named.next(), named.next()) {
        (None, _) => Some(app.settings.event_id.clone()),
        (Some(id), None) if !id.trim().is_empty() => Some(id),
        _ => None,
    }
}

/// The answer to a request that is not a person's click: another method, or a browser that only looks ahead. It must neither begin
/// nor finish anything.
pub(crate) fn not_a_visit(method: &Method, headers: &HeaderMap) -> Option<Response> {
    let looks_ahead = ["sec-purpose", "purpose", "x-purpose", "x-moz"]
        .iter()
        .any(|name| {
            let value = headers
                .get(*name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default();
            value.contains("prefetch") || value.contains("prerender") || value.contains("preview")
        });
    match *method {
        Method::HEAD => Some(StatusCode::OK.into_response()),
        Method::GET if looks_ahead => Some(StatusCode::SERVICE_UNAVAILABLE.into_response()),
        Method::GET => None,
        _ => Some((StatusCode::METHOD_NOT_ALLOWED, [("allow", "GET, HEAD")]).into_response()),
    }
}

/// The value of a cookie.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut values = cookies(headers).filter(|(found, _)| found == name);
    values.next().map(|(_, value)| value)
}

/// The names and values of all cookies. Every `Cookie` header counts.
pub(crate) fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (String, String)> {
    let pairs = headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|header| header.as_bytes().split(|byte| *byte == b';'));
    pairs.filter_map(|pair| {
        let (name, value) = std::str::from_utf8(pair).ok()?.trim().split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    })
}

/// A cookie that scripts cannot read. Inside the platform's frame it needs other attributes (contract §5).
pub(crate) fn set_cookie(app: &App, name: &str, value: &str, seconds: i64, framed: bool) -> String {
    let secure = if app.settings.is_https() { "; Secure" } else { "" };
    let attributes = if framed {
        let same_site = if app.mistakes.has("webview-cookie-same-site") {
            "Lax"
        } else {
            "None"
        };
        let partitioned = if app.mistakes.has("webview-cookie-partitioned") {
            ""
        } else {
            "; Partitioned"
        };
        format!("; SameSite={same_site}; Secure{partitioned}")
    } else {
        format!("; SameSite=Lax{secure}")
    };
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly{attributes}")
}
