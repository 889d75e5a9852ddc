//! A simulated browser: a cookie jar, and redirects that stay at the integration.

use cookie::{Cookie, SameSite};
use http::Method;
use url::Url;

use super::http::{Outgoing, send};
use crate::exchange::Exchange;

/// How many redirects are followed.
const MAX_REDIRECTS: usize = 10;

/// A simulated browser of one person. It sends cookies to the host that set them, whatever the port, as browsers do. It accepts
/// `Secure` cookies over http from loopback, as browsers do for `localhost`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Browser {
    pub(crate) cookies: Vec<(String, Cookie<'static>)>,
    /// Headers that each request carries besides the cookies.
    pub(crate) headers: Vec<(String, String)>,
}

impl Browser {
    /// Opens a page as a person does who clicks a link. Does not follow redirects.
    pub(crate) async fn open(&mut self, url: &Url) -> Exchange {
        self.request(Outgoing::get(url.clone())).await
    }

    /// Sends any request with this browser's cookies.
    pub(crate) async fn request(&mut self, mut outgoing: Outgoing) -> Exchange {
        let url = outgoing.url.clone();
        let host = url.host_str().unwrap_or_default().to_owned();
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .filter(|(of, cookie)| *of == host && path_matches(cookie.path().unwrap_or("/"), url.path()))
            .map(|(_, cookie)| format!("{}={}", cookie.name(), cookie.value()))
            .collect();
        if !cookies.is_empty() {
            outgoing = outgoing.header("cookie", cookies.join("; "));
        }
        if outgoing.method == Method::GET {
            outgoing = outgoing.header(
                "accept",
                "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8",
            );
        }
        for (name, value) in &self.headers {
            outgoing = outgoing.header(name, value.as_bytes());
        }
        let exchange = send(outgoing).await;
        self.keep(&host, &exchange);
        exchange
    }

    fn keep(&mut self, host: &str, exchange: &Exchange) {
        for cookie in set_cookies(exchange) {
            self.cookies
                .retain(|(of, known)| of != host || known.name() != cookie.name());
            let expired = cookie.max_age().is_some_and(|age| !age.is_positive())
                || cookie.expires_datetime().is_some_and(|at| {
                    at < cookie::time::OffsetDateTime::UNIX_EPOCH + cookie::time::Duration::days(1)
                });
            if !expired {
                self.cookies.push((host.to_owned(), cookie));
            }
        }
    }

    /// Opens a page and follows redirects as long as they lead to the integration's host. The last exchange may be a redirect to
    /// another site. All exchanges are returned, the last one last.
    pub(crate) async fn follow(&mut self, url: &Url) -> Vec<Exchange> {
        let mut exchanges = Vec::new();
        let mut at = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let exchange = self.open(&at).await;
            let next = redirect(&exchange);
            exchanges.push(exchange);
            match next {
                Some(next) if next.origin() == url.origin() => at = next,
                _ => break,
            }
        }
        exchanges
    }
}

fn path_matches(cookie_path: &str, path: &str) -> bool {
    path == cookie_path
        || path
            .strip_prefix(cookie_path)
            .is_some_and(|rest| cookie_path.ends_with('/') || rest.starts_with('/'))
}

/// The cookies that an answer sets.
pub(crate) fn set_cookies(exchange: &Exchange) -> Vec<Cookie<'static>> {
    let values = exchange
        .response_headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    values
        .filter_map(|(_, value)| Cookie::parse(value.clone()).ok())
        .collect()
}

/// Where an answer redirects to.
pub(crate) fn redirect(exchange: &Exchange) -> Option<Url> {
    let status = exchange.status?;
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    Url::parse(&exchange.url)
        .ok()?
        .join(exchange.response_header("location")?)
        .ok()
}

/// Whether a cookie is sent in a frame of another site.
#[expect(dead_code, reason = "used by the webview checks")]
pub(crate) fn is_for_frames(cookie: &Cookie<'_>) -> bool {
    cookie.same_site() == Some(SameSite::None)
        && cookie.secure() == Some(true)
        && cookie.partitioned() == Some(true)
}
