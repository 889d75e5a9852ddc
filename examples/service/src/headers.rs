//! The headers of requests and responses that protect the pages.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{
        HeaderValue, StatusCode, Uri,
        header::{HOST, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS},
        uri::Authority,
    },
    middleware::Next,
    response::{IntoResponse, Response},
};

/// The hosts under which browsers may reach this integration: this machine's loopback names, and the host of its base URL.
///
/// Another host means that a site's name was made to point here (DNS rebinding). Its scripts would read what is on the pages.
#[derive(Debug, Clone)]
pub(crate) struct AllowedHosts(Arc<Option<String>>);

impl AllowedHosts {
    pub(crate) fn new(base_url: &str) -> Self {
        let uri: Option<Uri> = base_url.parse().ok();
        let host = uri.and_then(|uri| uri.host().map(str::to_ascii_lowercase));
        Self(Arc::new(host))
    }

    fn allows(&self, request: &Request) -> bool {
        let authority = match (request.uri().authority(), request.headers().get(HOST)) {
            // HTTP/2 has the host in the address.
            (Some(authority), None) => Some(authority.clone()),
            (_, Some(host)) => host.to_str().ok().and_then(|host| host.parse::<Authority>().ok()),
            (None, None) => None,
        };
        authority.is_some_and(|authority| {
            let host = authority.host().to_ascii_lowercase();
            is_loopback(&host) || self.0.as_ref() == &Some(host)
        })
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse();
    host == "localhost" || address.is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// Refuses a request under another host.
pub(crate) async fn check_host(State(hosts): State<AllowedHosts>, request: Request, next: Next) -> Response {
    if hosts.allows(&request) {
        return next.run(request).await;
    }
    let text = "This integration is not reached under this name. Open it under its BASE_URL.";
    (StatusCode::MISDIRECTED_REQUEST, text).into_response()
}

/// Adds the headers that every response has.
pub(crate) async fn protect(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
        .entry(REFERRER_POLICY)
        .or_insert(HeaderValue::from_static("same-origin"));
    response
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn is_allowed(host: &str) -> bool {
        let request = Request::get("/").header(HOST, host).body(Body::empty()).unwrap();
        AllowedHosts::new("https://Integration.example/base").allows(&request)
    }

    #[test]
    fn h21_only_loopback_names_and_the_public_host_are_served() {
        for host in [
            "localhost",
            "LOCALHOST:3000",
            "127.0.0.1:3000",
            "127.8.0.1",
            "[::1]:3000",
            "integration.example",
            "Integration.Example:443",
        ] {
            assert!(is_allowed(host), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "192.168.0.1",
            "integration.example.evil",
            "",
            "127.0.0.1.evil.example",
            "evil@localhost.x",
        ] {
            assert!(!is_allowed(host), "{host}");
        }
        let request = Request::get("/").body(Body::empty()).unwrap();
        assert!(!AllowedHosts::new("http://localhost").allows(&request));
        let request = Request::get("http://localhost/").body(Body::empty()).unwrap();
        assert!(AllowedHosts::new("https://integration.example").allows(&request));
    }
}
