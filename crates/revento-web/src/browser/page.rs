//! The responses of this crate: redirects and small pages. No cache keeps them.

use http::{
    HeaderName, HeaderValue, Response, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY,
        X_CONTENT_TYPE_OPTIONS,
    },
};

use super::LocalPath;

/// A response without a body.
pub(crate) fn empty(status: StatusCode) -> Response<String> {
    with_headers(status, String::new(), [(CACHE_CONTROL, no_store())])
}

/// Plain text.
pub(crate) fn text(status: StatusCode, text: String) -> Response<String> {
    let headers = [
        (
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        ),
        (CACHE_CONTROL, no_store()),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    with_headers(status, text, headers)
}

/// A redirect to a page of this site (303 See Other). No cache keeps it.
pub fn redirect(page: &LocalPath) -> Response<String> {
    redirect_to(page.to_header())
}

/// A redirect (303).
pub(crate) fn redirect_to(location: HeaderValue) -> Response<String> {
    let headers = [(LOCATION, location), (CACHE_CONTROL, no_store())];
    with_headers(StatusCode::SEE_OTHER, String::new(), headers)
}

pub(crate) fn no_store() -> HeaderValue {
    HeaderValue::from_static("no-store")
}

/// A link of a [`page`].
pub(crate) struct Link<'a> {
    pub(crate) href: &'a LocalPath,
    pub(crate) label: &'a str,
    /// Where the link opens: `_self`, `_top`, `_blank`.
    pub(crate) target: &'a str,
}

/// A page with one paragraph and links. The service decides who may show it in a frame.
pub(crate) fn page(status: StatusCode, text: &str, links: &[Link<'_>]) -> Response<String> {
    let title = links.first().map_or("Revento", |link| link.label);
    let links: String = links.iter().map(anchor).collect();
    let body = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>{title}</title><main><p>{text}</p>{links}</main></html>"
    );
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CACHE_CONTROL, no_store()),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; base-uri 'none'"),
        ),
    ];
    with_headers(status, body, headers)
}

fn anchor(link: &Link<'_>) -> String {
    let Link { href, label, target } = link;
    // A local path has neither quotes nor angle brackets.
    let href = href.as_str().replace('&', "&amp;");
    format!("<p><a href=\"{href}\" target=\"{target}\" rel=\"noreferrer\">{label}</a></p>")
}

fn with_headers<const N: usize>(
    status: StatusCode,
    body: String,
    headers: [(HeaderName, HeaderValue); N],
) -> Response<String> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().extend(headers);
    response
}
