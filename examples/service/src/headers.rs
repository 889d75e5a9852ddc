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
pub struct AllowedHosts(Arc<Option<String>>);

impl AllowedHosts {
    /// The hosts of an integration with this base URL.
    pub fn new(base_url: &str) -> Self {
        let uri: Option<Uri> = base_url.parse().ok();
        let host = uri.and_then(|uri| uri.host().map(str::to_ascii_lowercase));
        Self(Arc::new(host))
    }

    fn allows(&self, request: &Request) -> bool {
        let in_address = request.uri().authority().map(Authority::as_str);
        let in_header = request.headers().get(HOST);
        self.allows_host(
            request.uri().path(),
            in_address,
            in_header.map(HeaderValue::as_bytes),
        )
    }

    /// Whether a request is served. A load balancer probes under any name; others are judged by the host in its address, which HTTP/2 has, and by its header `Host`.
    pub fn allows_host(&self, path: &str, in_address: Option<&str>, in_header: Option<&[u8]>) -> bool {
        if PROBES.contains(&path) {
            return true;
        }
        let host = match in_header {
            Some(host) => str::from_utf8(host).ok(),
            None => in_address,
        };
        let authority = host.and_then(|host| host.parse::<Authority>().ok());
        authority.is_some_and(|authority| {
            let host = authority.host().to_ascii_lowercase();
            is_loopback(&host) || self.0.as_ref() == &Some(host)
        })
    }
}

/// They show nothing.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse();
    host == "localhost" || address.is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// The text for a request under another host, which is answered with 421.
pub const OTHER_HOST: &str = "This integration is not reached under this name. Open it under its BASE_URL.";

/// Refuses a request under another host.
pub(crate) async fn check_host(State(hosts): State<AllowedHosts>, request: Request, next: Next) -> Response {
    if hosts.allows(&request) {
        return next.run(request).await;
    }
    (StatusCode::MISDIRECTED_REQUEST, OTHER_HOST).into_response()
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
        let probe = Request::get("/healthz").header(HOST, "10.0.0.7:3000");
        let probe = probe.body(Body::empty()).unwrap();
        assert!(AllowedHosts::new("https://integration.example").allows(&probe));
        let request = Request::get("/").body(Body::empty()).unwrap();
        assert!(!AllowedHosts::new("http://localhost").allows(&request));
        let request = Request::get("http://localhost/").body(Body::empty()).unwrap();
        assert!(AllowedHosts::new("https://integration.example").allows(&request));
    }
}
