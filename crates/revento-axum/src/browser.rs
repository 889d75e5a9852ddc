//! What a browser's request says: its cookies, and whether it asks for a page, in a frame or not.

use axum_core::response::{IntoResponse, Response};
use cookie::Cookie;
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, COOKIE, LOCATION},
};

/// The cookies of a request. Malformed cookies are ignored.
pub(crate) fn cookies(headers: &HeaderMap) -> impl Iterator<Item = Cookie<'_>> {
    let lines = headers.get_all(COOKIE).into_iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
}

/// Whether the browser shows the response as a page.
///
/// Browsers say so in `Sec-Fetch-Dest` (Fetch Metadata). A request without that header asks for a page if it accepts HTML
/// and does not come from a script.
pub(crate) fn is_document(headers: &HeaderMap) -> bool {
    match text(headers, "sec-fetch-dest") {
        Some(destination) => destination == "document" || is_frame(destination),
        None => {
            let is_script = headers.contains_key("x-requested-with");
            let is_html = text(headers, ACCEPT.as_str()).is_some_and(|accept| accept.contains("text/html"));
            is_html && !is_script
        }
    }
}

/// Whether the browser shows the response in a frame of another page.
pub(crate) fn is_framed(headers: &HeaderMap) -> bool {
    text(headers, "sec-fetch-dest").is_some_and(is_frame)
}

fn is_frame(destination: &str) -> bool {
    matches!(
        destination,
        "iframe" | "frame" | "embed" | "object" | "fencedframe"
    )
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// A path on this host, or `None` for anything that a browser could take for another host's address.
pub(crate) fn local_path(path: &str) -> Option<&str> {
    let is_local =
        path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\n', '\r', '\t']);
    is_local.then_some(path)
}

/// A redirect (303) that no cache keeps.
pub(crate) fn redirect(location: HeaderValue) -> Response {
    let headers = [(LOCATION, location), (CACHE_CONTROL, no_store())];
    (StatusCode::SEE_OTHER, headers).into_response()
}

pub(crate) fn no_store() -> HeaderValue {
    HeaderValue::from_static("no-store")
}

/// A link of a [`page`].
pub(crate) struct Link<'a> {
    pub(crate) href: &'a str,
    pub(crate) label: &'a str,
    /// Where the link opens: `_top`, `_blank`.
    pub(crate) target: &'a str,
}

/// A page with one paragraph and one link.
pub(crate) fn page(status: StatusCode, text: &str, link: &Link<'_>) -> Response {
    let Link { href, label, target } = link;
    let href = escape(href);
    let body = format!(
        "<!doctype html><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>{label}</title><p>{text}</p><p><a href=\"{href}\" target=\"{target}\" rel=\"noreferrer\">{label}</a></p>"
    );
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CACHE_CONTROL, no_store()),
    ];
    (status, headers, body).into_response()
}

/// Escapes text for an attribute.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
