//! How a request came: as a page or from a script, in a frame or not.

use axum_core::response::{IntoResponse, Response};
use http::{
    HeaderMap, StatusCode,
    header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE},
};

/// Whether the answer will be shown as a page. Browsers say so (Fetch Metadata, `Sec-Fetch-Dest`); of others, whoever
/// asks for HTML and does not call itself a script.
pub(crate) fn is_document(headers: &HeaderMap) -> bool {
    match text(headers, "sec-fetch-dest") {
        Some(destination) => matches!(destination, "document") || is_frame(destination),
        None => {
            let script = headers.contains_key("x-requested-with");
            let html = text(headers, ACCEPT.as_str()).is_some_and(|accept| accept.contains("text/html"));
            html && !script
        }
    }
}

/// Whether the page will be shown inside another one.
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

/// A page of one paragraph and one link. `target` says where the link opens.
pub(crate) fn page(status: StatusCode, words: &str, link: &str, label: &str, target: &str) -> Response {
    let link = escape(link);
    let body = format!(
        "<!doctype html><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>{label}</title><p>{words}</p><p><a href=\"{link}\" target=\"{target}\" rel=\"noreferrer\">{label}</a></p>"
    );
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
    ];
    (status, headers, body).into_response()
}

/// Text in an attribute or between tags.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// A path of our own to go to: never another host's address, whatever somebody has put into a link.
pub(crate) fn own_path(path: &str) -> Option<&str> {
    let ours = path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\n', '\r', '\t']);
    ours.then_some(path)
}
