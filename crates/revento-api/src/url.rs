//! Addresses of the platform. Uses no other module of this crate.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The path of the token endpoint, relative to the authorization base (contract §2.3).
pub(crate) const TOKEN_ENDPOINT: &str = "/oauth/token";

/// The characters that a path segment contains as they are (RFC 3986 §2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Percent-encodes everything but unreserved characters.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// An id as one path segment, whatever it contains.
pub(crate) fn segment(id: &str) -> String {
    match id {
        "." => "%2E".into(),
        ".." => "%2E%2E".into(),
        _ => encoded(id),
    }
}

/// Whether a path and query leads to an address below the API's base. Credentials are sent nowhere else.
pub(crate) fn stays_below_the_base(path_and_query: &str) -> bool {
    let path = path_and_query.split('?').next().unwrap_or_default();
    let is_dots = |segment: &str| {
        let plain = segment.replace("%2e", ".").replace("%2E", ".");
        plain == "." || plain == ".."
    };
    let is_odd = |c: char| c.is_control() || c.is_whitespace() || c == '#' || c == '\\';
    path.starts_with('/') && !path_and_query.contains(is_odd) && !path.split('/').any(is_dots)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_takes_the_credential_elsewhere() {
        for good in ["/", "/events/evt_1", "/me/x?next=../..", "/a/..b/%2e%2ex"] {
            assert!(stays_below_the_base(good), "{good}");
        }
        for bad in [
            "",
            "events",
            "@evil.test/",
            ".evil.test/x",
            "/a/../b",
            "/%2E%2e/b",
            "/a#b",
            "/a b",
            "/a\r\nHost: x",
            "/\\x",
        ] {
            assert!(!stays_below_the_base(bad), "{bad}");
        }
    }
}
