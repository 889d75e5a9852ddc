//! What a browser says about its request: whether a person opened it as a page, and in a frame or not.

use http::{HeaderMap, Method, StatusCode, header::ACCEPT, request::Parts};

/// The status for a request that nobody has made by opening the address: the browser prefetches or prerenders it (503), or a
/// `HEAD` asks about it (204). `None` for others.
///
/// Browsers name the purpose in `Sec-Purpose` (Fetch standard) or in one of its predecessors. The status of a prefetch must be an
/// error: Chromium keeps a prefetched 204, and then a click on the link does nothing.
pub(crate) fn unopened_status(request: &Parts) -> Option<StatusCode> {
    const PURPOSE: [&str; 4] = ["sec-purpose", "purpose", "x-purpose", "x-moz"];
    const SPECULATION: [&str; 3] = ["prefetch", "prerender", "preview"];
    let is_speculation = |value: &str| {
        let value = value.to_ascii_lowercase();
        SPECULATION.iter().any(|purpose| value.contains(purpose))
    };
    let mut purposes = PURPOSE
        .iter()
        .flat_map(|name| request.headers.get_all(*name))
        .filter_map(|value| value.to_str().ok());
    if purposes.any(is_speculation) {
        return Some(StatusCode::SERVICE_UNAVAILABLE);
    }
    (request.method == Method::HEAD).then_some(StatusCode::NO_CONTENT)
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

pub(crate) fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}
