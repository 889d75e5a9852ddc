//! Calls that pages of a public client make from a browser: the token endpoint and the read API allow them (CORS).
//!
//! A public client has no server, so its page exchanges the code itself. The origins of its redirect URIs may do so.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::error_response::ErrorResponse;
use crate::platform::config::Config;

/// How long a browser may remember the answer to a preflight, in seconds.
const MAX_AGE: &str = "600";
/// What a page may send.
const REQUEST_HEADERS: &str = "authorization, content-type, accept, x-revento-request-id";
/// What a page may read, besides what every page may.
const RESPONSE_HEADERS: &str = "x-revento-request-id, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, \
                                retry-after, www-authenticate, date";

/// The method of the endpoints that pages may call; `None` for all other paths.
fn method(path: &str) -> Option<&'static str> {
    if path == "/oauth/token" {
        Some("POST")
    } else {
        path.starts_with("/api/v1/").then_some("GET")
    }
}

/// What a request says about the page that sent it.
#[derive(Debug)]
pub(super) struct Cors {
    method: Option<&'static str>,
    origin: Option<HeaderValue>,
    /// Whether the origin is registered.
    allowed: bool,
    preflight: bool,
    /// Whether the browser asks because the page is on the internet and the sandbox in a private network.
    private_network: bool,
}

impl Cors {
    pub(super) fn of(config: &Config, request: &Request) -> Self {
        let origin = request.headers().get(header::ORIGIN).cloned();
        let text = origin.as_ref().and_then(|value| value.to_str().ok());
        Self {
            method: method(request.uri().path()),
            allowed: text.is_some_and(|origin| config.is_origin_of_public_client(origin)),
            preflight: request.method() == Method::OPTIONS
                && request
                    .headers()
                    .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD),
            private_network: request
                .headers()
                .contains_key("access-control-request-private-network"),
            origin,
        }
    }

    /// The answer to a preflight.
    pub(super) fn preflight(&self) -> Option<Response> {
        let method = self.method.filter(|_| self.preflight && self.origin.is_some())?;
        if !self.allowed {
            let text = "A page of this origin may not call this endpoint: only the origins of a public client's \
                        redirect URIs may. Register the page's redirect URI, with client = \"public\".";
            return Some(ErrorResponse::new(403, "origin_not_registered", text).into_response());
        }
        let headers = [
            (header::ACCESS_CONTROL_ALLOW_METHODS, method),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS),
            (header::ACCESS_CONTROL_MAX_AGE, MAX_AGE),
        ];
        let mut answer = (StatusCode::NO_CONTENT, headers).into_response();
        if self.private_network {
            let name = HeaderName::from_static("access-control-allow-private-network");
            answer
                .headers_mut()
                .insert(name, HeaderValue::from_static("true"));
        }
        Some(answer)
    }

    /// Lets the page read an answer, also an error.
    pub(super) fn allow(self, headers: &mut HeaderMap) {
        if self.method.is_none() {
            return;
        }
        headers.append(header::VARY, HeaderValue::from_static("origin"));
        if let Some(origin) = self.origin.filter(|_| self.allowed) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            let exposed = HeaderValue::from_static(RESPONSE_HEADERS);
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
    }
}
