//! The path of the public URL, such as `/revento` behind a proxy. The sandbox takes requests with and without it, because
//! some proxies remove it, and writes it into every address of its pages and redirects.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, Uri, header};
use axum::response::Response;
use tower::ServiceExt as _;

/// The attributes of pages that contain addresses.
const ATTRIBUTES: [&str; 3] = ["href=\"/", "src=\"/", "action=\"/"];
/// No page is as large as this.
const MAX_PAGE: usize = 64 * 1024 * 1024;

/// A router that also serves the routes of `inner` below `prefix`.
pub(super) fn serve_below(prefix: &str, inner: Router) -> Router {
    if prefix.is_empty() {
        return inner;
    }
    let prefix: Arc<str> = prefix.into();
    let service = tower::service_fn(move |request: Request| {
        let (prefix, inner) = (Arc::clone(&prefix), inner.clone());
        async move {
            let answered: Result<Response, Infallible> = inner.oneshot(without(&prefix, request)).await;
            let Ok(response) = answered;
            Ok::<_, Infallible>(with(&prefix, response).await)
        }
    });
    Router::new().fallback_service(service)
}

/// The request as if there were no prefix.
fn without(prefix: &str, mut request: Request) -> Request {
    let target = request
        .uri()
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let rest = target
        .strip_prefix(prefix)
        .filter(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    if let Some(rest) = rest {
        let target = if rest.starts_with('/') {
            rest.to_owned()
        } else {
            format!("/{rest}")
        };
        if let Ok(uri) = target.parse::<Uri>() {
            *request.uri_mut() = uri;
        }
    }
    request
}

/// The response with the prefix in its redirect and, if it is a page, in its addresses.
async fn with(prefix: &str, mut response: Response) -> Response {
    let local = |value: &HeaderValue| {
        let path = value.to_str().ok().filter(|path| path.starts_with('/'))?;
        HeaderValue::try_from(format!("{prefix}{path}")).ok()
    };
    if let Some(location) = response.headers().get(header::LOCATION).and_then(local) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    let kind = response.headers().get(header::CONTENT_TYPE);
    if kind.is_none_or(|kind| !kind.as_bytes().starts_with(b"text/html")) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let page = to_bytes(body, MAX_PAGE).await.unwrap_or_default();
    let page = String::from_utf8_lossy(&page);
    Response::from_parts(parts, Body::from(addressed(prefix, &page)))
}

/// A page with the prefix in its addresses. Text cannot look like an address, because its quotation marks are escaped.
fn addressed(prefix: &str, page: &str) -> String {
    ATTRIBUTES.iter().fold(page.to_owned(), |page, start| {
        let attribute = start.trim_end_matches('/');
        page.replace(start, &format!("{attribute}{prefix}/"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(prefix: &str, sent: &str) -> String {
        let request = Request::builder().uri(sent).body(Body::empty()).unwrap();
        without(prefix, request).uri().to_string()
    }

    #[test]
    fn h22_the_prefix_is_taken_from_requests_and_added_to_pages() {
        for (sent, seen) in [
            ("/revento/console?a=/revento", "/console?a=/revento"),
            ("/revento", "/"),
            ("/revento?x=1", "/?x=1"),
            ("/reventory", "/reventory"),
            ("/console", "/console"),
        ] {
            assert_eq!(target("/revento", sent), seen);
        }
        let page = "<a href=\"/console\">href=&quot;/x</a><form action=\"/y\"><a href=\"https://z/\">";
        let shown = "<a href=\"/p/console\">href=&quot;/x</a><form action=\"/p/y\"><a href=\"https://z/\">";
        assert_eq!(addressed("/p", page), shown);
    }
}
