//! Who may show a page in a frame: `Content-Security-Policy: frame-ancestors` and `X-Frame-Options`.

use url::Url;

use crate::exchange::Exchange;

/// The `frame-ancestors` of each policy of an answer. A page may be framed where all of them allow it.
#[derive(Debug)]
pub(super) struct Ancestors(Vec<Vec<String>>);

impl Ancestors {
    pub(super) fn of(exchange: &Exchange) -> Self {
        let headers = exchange
            .response_headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("content-security-policy"));
        let policies = headers.flat_map(|(_, value)| value.split(','));
        Self(policies.filter_map(sources).collect())
    }

    /// Whether no policy says anything about frames.
    pub(super) fn is_silent(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether pages of this origin may frame the page.
    pub(super) fn allow(&self, origin: &Url) -> bool {
        self.0
            .iter()
            .all(|sources| sources.iter().any(|source| matches(source, origin)))
    }

    /// The directives, for a report.
    pub(super) fn text(&self) -> String {
        let directives: Vec<String> = self
            .0
            .iter()
            .map(|sources| format!("frame-ancestors {}", sources.join(" ")))
            .collect();
        if directives.is_empty() {
            "no frame-ancestors".to_owned()
        } else {
            directives.join(", ")
        }
    }
}

/// The sources of the first `frame-ancestors` of a policy: others are ignored (CSP §2.2.1).
fn sources(policy: &str) -> Option<Vec<String>> {
    policy.split(';').find_map(|directive| {
        let mut words = directive.split_ascii_whitespace();
        let is_named = words.next()?.eq_ignore_ascii_case("frame-ancestors");
        is_named.then(|| words.map(str::to_owned).collect())
    })
}

/// Whether a source matches an origin (CSP §6.7.2.8).
fn matches(source: &str, origin: &Url) -> bool {
    let source = source.to_ascii_lowercase();
    if source == "*" {
        return true;
    }
    if let Some(scheme) = source.strip_suffix(':') {
        return scheme == origin.scheme();
    }
    let (scheme, rest) = source
        .split_once("://")
        .map_or((None, source.as_str()), |(scheme, rest)| (Some(scheme), rest));
    let authority = rest.split('/').next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let own_host = origin.host_str().unwrap_or_default();
    let host_fits = match host.strip_prefix("*.") {
        Some(parent) => own_host
            .strip_suffix(parent)
            .is_some_and(|rest| rest.ends_with('.')),
        None => host == own_host,
    };
    let port_fits = match port {
        Some("*") => true,
        Some(port) => port.parse().ok() == origin.port_or_known_default(),
        None => origin.port().is_none(),
    };
    host_fits && port_fits && scheme.is_none_or(|scheme| scheme == origin.scheme())
}

/// The value of `X-Frame-Options`, if it forbids the platform's frame.
pub(super) fn forbidding_options(exchange: &Exchange) -> Option<&str> {
    let value = exchange.response_header("x-frame-options")?;
    let forbids = ["deny", "sameorigin", "allow-from"];
    let lower = value.trim().to_ascii_lowercase();
    forbids
        .iter()
        .any(|word| lower.starts_with(word))
        .then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(policy: &str, origin: &str) -> bool {
        let ancestors = Ancestors(policy.split(',').filter_map(sources).collect());
        ancestors.allow(&origin.parse().unwrap())
    }

    #[test]
    fn sources_match_as_in_browsers() {
        let platform = "http://127.0.0.1:4010";
        for policy in [
            "default-src 'self'",
            "frame-ancestors *",
            "frame-ancestors http://127.0.0.1:4010",
            "default-src 'none'; Frame-Ancestors 'self' 127.0.0.1:4010",
            "frame-ancestors http:",
            "frame-ancestors http://127.0.0.1:*",
        ] {
            assert!(allowed(policy, platform), "{policy}");
        }
        for policy in [
            "frame-ancestors",
            "frame-ancestors 'none'",
            "frame-ancestors 'self'",
            "frame-ancestors http://127.0.0.1",
            "frame-ancestors https://127.0.0.1:4010",
            "frame-ancestors http://127.0.0.1:4011",
            "frame-ancestors *, frame-ancestors 'none'",
            "frame-ancestors 'none'; frame-ancestors *",
        ] {
            assert!(!allowed(policy, platform), "{policy}");
        }
        assert!(allowed(
            "frame-ancestors https://*.revento.example",
            "https://app.revento.example"
        ));
        assert!(!allowed(
            "frame-ancestors https://*.revento.example",
            "https://revento.example"
        ));
        assert!(!allowed(
            "frame-ancestors *.revento.example",
            "https://notrevento.example"
        ));
        assert!(allowed(
            "frame-ancestors app.revento.example/",
            "https://app.revento.example"
        ));
    }
}
