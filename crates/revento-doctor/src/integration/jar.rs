//! The cookies of a simulated browser (RFC 6265 §5).
//!
//! A cookie that browsers refuse is kept all the same, so that one wrong attribute does not hide what else there is to judge:
//! [`refusal`] tells of it, and a check asks.

use cookie::{Cookie, SameSite, time::OffsetDateTime};
use url::Url;

use crate::exchange::Exchange;
use crate::primitives::unix_now;

/// The largest cookie that browsers keep: name and value together.
const LARGEST: usize = 4096;

#[derive(Debug, Clone)]
struct Kept {
    host: String,
    /// Whether subdomains get it too.
    with_subdomains: bool,
    path: String,
    cookie: Cookie<'static>,
}

/// The cookies of one browser.
#[derive(Debug, Clone, Default)]
pub(crate) struct Jar(Vec<Kept>);

impl Jar {
    /// The value of the `Cookie` header of a request; `None` if no cookie is sent.
    pub(crate) fn header(&self, url: &Url) -> Option<String> {
        let host = url.host_str().unwrap_or_default();
        let mut sent: Vec<&Kept> = self
            .0
            .iter()
            .filter(|kept| kept.is_for(host) && path_matches(&kept.path, url.path()))
            .collect();
        // Longer paths first; otherwise in the order in which they were set.
        sent.sort_by_key(|kept| std::cmp::Reverse(kept.path.len()));
        let pairs: Vec<String> = sent
            .into_iter()
            .map(|kept| format!("{}={}", kept.cookie.name(), kept.cookie.value()))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Keeps what an answer sets, and removes what it deletes.
    pub(crate) fn keep(&mut self, url: &Url, exchange: &Exchange) {
        for cookie in set_cookies(exchange) {
            let new = Kept::new(url, cookie);
            if is_deletion(&new.cookie) {
                self.0.retain(|known| !known.is_same(&new));
                continue;
            }
            match self.0.iter_mut().find(|known| known.is_same(&new)) {
                Some(known) => *known = new,
                None => self.0.push(new),
            }
        }
    }

    /// The cookies themselves.
    pub(crate) fn cookies(&self) -> impl Iterator<Item = &Cookie<'static>> {
        self.0.iter().map(|kept| &kept.cookie)
    }

    /// Removes the cookies of this name.
    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|kept| kept.cookie.name() != name);
    }
}

impl Kept {
    fn new(url: &Url, cookie: Cookie<'static>) -> Self {
        let host = url.host_str().unwrap_or_default();
        let domain = cookie.domain().map(normal_domain);
        let domain = domain.filter(|domain| domain_matches(domain, host));
        let path = cookie.path().filter(|path| path.starts_with('/'));
        Self {
            with_subdomains: domain.is_some(),
            host: domain.unwrap_or_else(|| host.to_owned()),
            path: path.map_or_else(|| default_path(url.path()), str::to_owned),
            cookie,
        }
    }

    fn is_for(&self, host: &str) -> bool {
        if self.with_subdomains {
            domain_matches(&self.host, host)
        } else {
            self.host == host
        }
    }

    /// Whether another cookie replaces this one.
    fn is_same(&self, other: &Self) -> bool {
        (self.cookie.name(), &self.host, &self.path) == (other.cookie.name(), &other.host, &other.path)
    }
}

fn normal_domain(domain: &str) -> String {
    domain.trim_start_matches('.').to_ascii_lowercase()
}

fn domain_matches(domain: &str, host: &str) -> bool {
    let is_address = host.parse::<std::net::IpAddr>().is_ok() || host.starts_with('[');
    host == domain
        || (!is_address
            && host
                .strip_suffix(domain)
                .is_some_and(|subdomain| subdomain.ends_with('.')))
}

/// The folder of a path (RFC 6265 §5.1.4).
fn default_path(path: &str) -> String {
    match path.rsplit_once('/') {
        Some((folder, _)) if !folder.is_empty() => folder.to_owned(),
        _ => "/".to_owned(),
    }
}

fn path_matches(cookie_path: &str, path: &str) -> bool {
    path == cookie_path
        || path
            .strip_prefix(cookie_path)
            .is_some_and(|rest| cookie_path.ends_with('/') || rest.starts_with('/'))
}

/// The cookies that an answer sets or deletes.
pub(crate) fn set_cookies(exchange: &Exchange) -> Vec<Cookie<'static>> {
    let values = exchange
        .response_headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    values
        .filter_map(|(_, value)| Cookie::parse(value.clone()).ok())
        .collect()
}

/// Whether a cookie is set only to be removed.
pub(crate) fn is_deletion(cookie: &Cookie<'_>) -> bool {
    if let Some(age) = cookie.max_age() {
        return !age.is_positive();
    }
    let now = i64::try_from(unix_now().as_secs()).unwrap_or_default();
    let now = OffsetDateTime::from_unix_timestamp(now).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    cookie.expires_datetime().is_some_and(|at| at <= now)
}

/// Why browsers refuse a cookie that was set at this URL. `None` if they keep it.
pub(crate) fn refusal(cookie: &Cookie<'_>, url: &Url) -> Option<&'static str> {
    let host = url.host_str().unwrap_or_default();
    let secure = cookie.secure() == Some(true);
    let (name, value) = (cookie.name(), cookie.value());
    if name.len() + value.len() > LARGEST {
        return Some("it is larger than 4096 bytes");
    }
    if cookie.same_site() == Some(SameSite::None) && !secure {
        return Some("SameSite=None needs Secure");
    }
    if cookie.partitioned() == Some(true) && !secure {
        return Some("Partitioned needs Secure");
    }
    if name.starts_with("__Secure-") && !secure {
        return Some("the prefix __Secure- needs Secure");
    }
    if name.starts_with("__Host-") && !(secure && cookie.path() == Some("/") && cookie.domain().is_none()) {
        return Some("the prefix __Host- needs Secure, Path=/ and no Domain");
    }
    if cookie
        .domain()
        .is_some_and(|domain| !domain_matches(&normal_domain(domain), host))
    {
        return Some("its Domain is another one");
    }
    None
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::exchange::{Direction, Omitted};

    fn jar(set: &[(&str, &str)]) -> Jar {
        let mut jar = Jar::default();
        for (url, header) in set {
            let exchange = Exchange {
                direction: Direction::ToIntegration,
                method: "GET".to_owned(),
                url: (*url).to_owned(),
                request_headers: Vec::new(),
                request_body: Vec::new(),
                status: Some(200),
                response_headers: vec![("Set-Cookie".to_owned(), (*header).to_owned())],
                response_body: Vec::new(),
                error: None,
                omitted: Omitted::default(),
                duration: Duration::ZERO,
            };
            jar.keep(&url.parse().unwrap(), &exchange);
        }
        jar
    }

    fn sent(jar: &Jar, url: &str) -> Option<String> {
        jar.header(&url.parse().unwrap())
    }

    #[test]
    fn cookies_go_to_their_host_and_path() {
        let jar = jar(&[
            ("http://localhost:3000/connect", "a=1"),
            ("http://localhost:3000/oauth/begin", "b=2"),
            (
                "http://localhost:3000/oauth/begin",
                "c=3; Path=/; HttpOnly; Secure",
            ),
            ("http://127.0.0.1:3000/", "d=4"),
        ]);
        assert_eq!(sent(&jar, "http://localhost:3000/").as_deref(), Some("a=1; c=3"));
        assert_eq!(
            sent(&jar, "http://localhost:4000/oauth/callback").as_deref(),
            Some("b=2; a=1; c=3")
        );
        assert_eq!(
            sent(&jar, "http://localhost:3000/oauthx").as_deref(),
            Some("a=1; c=3")
        );
        assert_eq!(sent(&jar, "http://127.0.0.1:3000/x").as_deref(), Some("d=4"));
        assert_eq!(sent(&jar, "http://example.test/"), None);
    }

    #[test]
    fn cookies_are_replaced_and_deleted() {
        let at = "http://app.example.test/x";
        let one = jar(&[(at, "a=1"), (at, "a=2"), (at, "a=3; Path=/y")]);
        assert_eq!(sent(&one, at).as_deref(), Some("a=2"));
        for deletion in [
            "a=; Max-Age=0",
            "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "a=; Max-Age=-1; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
        ] {
            assert_eq!(sent(&jar(&[(at, "a=1"), (at, deletion)]), at), None, "{deletion}");
        }
    }

    #[test]
    fn a_domain_includes_its_subdomains() {
        let jar = jar(&[
            ("http://app.example.test/", "a=1; Domain=.example.test"),
            ("http://app.example.test/", "b=2"),
            ("http://app.example.test/", "c=3; Domain=other.test"),
        ]);
        assert_eq!(sent(&jar, "http://www.example.test/").as_deref(), Some("a=1"));
        assert_eq!(
            sent(&jar, "http://app.example.test/").as_deref(),
            Some("a=1; b=2; c=3")
        );
    }

    #[test]
    fn it_is_known_what_browsers_refuse() {
        let url: Url = "http://localhost:3000/".parse().unwrap();
        for (header, kept) in [
            ("a=1; SameSite=Lax", true),
            ("a=1; SameSite=None; Secure; Partitioned", true),
            ("a=1; SameSite=None", false),
            ("a=1; Partitioned", false),
            ("__Host-a=1; Secure; Path=/", true),
            ("__Host-a=1; Secure", false),
            ("__Secure-a=1", false),
            ("a=1; Domain=localhost", true),
            ("a=1; Domain=example.test", false),
        ] {
            let cookie = Cookie::parse(header).unwrap();
            assert_eq!(refusal(&cookie, &url).is_none(), kept, "{header}");
        }
    }
}
