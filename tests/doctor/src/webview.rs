//! The page for the platform's frame (contract §5).

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CONTENT_SECURITY_POLICY, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use maud::html;
use url::Url;

use crate::app::App;
use crate::machine::random_text;
use crate::pages::{cookie, page, set_cookie};

const COOKIE: &str = "frame";

/// `GET /webview`.
pub(crate) async fn page_in_frame(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let (Ok(auth), Ok(value)) = (Url::parse(&app.settings.auth_base), random_text()) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let content = html! { p { a href="/login?framed=1" rel="nofollow" { "Log in with Revento" } } };
    let policy = match &app.mistakes {
        mistakes if mistakes.has("webview-framable") => "frame-ancestors 'none'".to_owned(),
        mistakes if mistakes.has("webview-frame-ancestors") => "frame-ancestors *".to_owned(),
        _ => format!("frame-ancestors {}", auth.origin().ascii_serialization()),
    };
    let options = app
        .mistakes
        .has("webview-frame-options")
        .then_some(("x-frame-options", "SAMEORIGIN"));
    let new = cookie(&headers, COOKIE)
        .is_none()
        .then(|| set_cookie(&app, COOKIE, &value, 86_400, true));
    let cookies = AppendHeaders(new.map(|cookie| (SET_COOKIE, cookie)));
    (
        [(CONTENT_SECURITY_POLICY, policy)],
        AppendHeaders(options),
        cookies,
        page("Your badge", &content),
    )
        .into_response()
}
