//! [`LocalPath`]: where a redirect or a link of ours may lead.

use std::{fmt, str::FromStr};

use http::{HeaderValue, Uri};
use revento_core::error::ErrorKind;

/// A path on this origin, with or without a query. Redirects and links lead to such paths only, so that nobody can use them to
/// send a person to another site.
///
/// ```
/// use revento_web::LocalPath;
///
/// assert!(LocalPath::parse("/agenda?day=2").is_ok());
/// for elsewhere in ["https://evil.example", "//evil.example", "/\\evil.example", "/a/..//evil.example", "/a#b"] {
///     assert!(LocalPath::parse(elsewhere).is_err());
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LocalPath(Box<str>);

/// The text is not a path on this origin.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is not a path on this site: write it like /agenda?day=2, with one slash in front and without dot segments, \
     backslashes and fragments"
)]
pub struct LocalPathError;

revento_core::readable_debug!(LocalPathError);

impl LocalPathError {
    /// Who is at fault: whoever wrote the text.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Rejected
    }

    /// Whether the same call can succeed later: never.
    pub fn is_transient(&self) -> bool {
        false
    }

    /// Whether the call may have taken effect: never.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }
}

impl LocalPath {
    /// The path `/`.
    pub fn root() -> Self {
        Self("/".into())
    }

    /// Reads a path that begins with one slash. Characters that are not visible ASCII have to be percent-encoded.
    ///
    /// # Errors
    /// When a browser could take the text for another site's address or for more than a path and a query.
    pub fn parse(text: &str) -> Result<Self, LocalPathError> {
        // Browsers read a backslash as a slash, and skip tabs and line breaks.
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"\\#\"<>".contains(&byte);
        let (path, _) = text.split_once('?').unwrap_or((text, ""));
        let is_local = path.starts_with('/')
            && !path.starts_with("//")
            && text.bytes().all(is_plain)
            && !path.split('/').any(is_dot_segment);
        if is_local {
            Ok(Self(text.into()))
        } else {
            Err(LocalPathError)
        }
    }

    /// The path and the query of a request; `/` if they are not a path on this origin, such as after `GET //evil.example`.
    pub fn of(uri: &Uri) -> Self {
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Self::parse(path).unwrap_or_else(|_| Self::root())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text without the query.
    pub fn path(&self) -> &str {
        self.0.split_once('?').map_or(&self.0, |(path, _)| path)
    }

    /// Adds a parameter to the query.
    #[must_use]
    pub fn with_parameter(&self, name: &str, value: &str) -> Self {
        let separator = if self.0.contains('?') { '&' } else { '?' };
        let parameter = form_urlencoded::Serializer::new(String::new())
            .append_pair(name, value)
            .finish();
        Self(format!("{}{separator}{parameter}", self.0).into())
    }

    /// Removes every parameter of this name from the query.
    #[must_use]
    pub fn without_parameter(&self, name: &str) -> Self {
        let Some((path, query)) = self.0.split_once('?') else {
            return self.clone();
        };
        let is_other = |pair: &&str| form_urlencoded::parse(pair.as_bytes()).all(|(found, _)| found != name);
        let query: Vec<&str> = query.split('&').filter(is_other).collect();
        match query.as_slice() {
            [] => Self(path.into()),
            query => Self(format!("{path}?{}", query.join("&")).into()),
        }
    }

    /// The first value of a parameter of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let (_, query) = self.0.split_once('?')?;
        form_urlencoded::parse(query.as_bytes())
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.into_owned())
    }

    /// The value of a `Location` header.
    pub(crate) fn to_header(&self) -> HeaderValue {
        // Visible ASCII is always a header's value.
        HeaderValue::try_from(self.as_str()).unwrap_or_else(|_| HeaderValue::from_static("/"))
    }
}

/// Whether a segment is `.` or `..`, encoded or not. After its removal, the rest could begin with two slashes.
fn is_dot_segment(segment: &str) -> bool {
    let segment = segment.to_ascii_lowercase().replace("%2e", ".");
    matches!(segment.as_str(), "." | "..")
}

impl FromStr for LocalPath {
    type Err = LocalPathError;

    fn from_str(text: &str) -> Result<Self, LocalPathError> {
        Self::parse(text)
    }
}

impl TryFrom<&str> for LocalPath {
    type Error = LocalPathError;

    fn try_from(text: &str) -> Result<Self, LocalPathError> {
        Self::parse(text)
    }
}

impl fmt::Display for LocalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    #[test]
    fn h16_what_leads_elsewhere_is_no_local_path() {
        for text in [
            "",
            "agenda",
            "?x",
            "//evil.test/x",
            "///evil.test",
            "/\\evil.test",
            "/a\\b",
            "/\t/evil.test",
            "/a\r\nSet-Cookie: x",
            "/a\u{7f}",
            "/zürich",
            "/a b",
            "/a#b",
            "/.//evil.test",
            "/a/..//evil.test",
            "/%2E%2e//evil.test",
            "/a/%2e",
            "https://evil.test",
            "javascript:alert(1)",
        ] {
            assert!(LocalPath::parse(text).is_err(), "{text:?}");
        }
        for text in [
            "/",
            "/?a=//b",
            "/a//b",
            "/a?b=..&c=/../",
            "/a;b=1/@c:80,d!*'()",
            "/..a/b..",
        ] {
            assert_eq!(LocalPath::parse(text).unwrap().as_str(), text);
        }
        let odd = Uri::builder().path_and_query("//evil.test/x").build().unwrap();
        assert_eq!(LocalPath::of(&odd).as_str(), "/");
    }

    #[test]
    fn parameters_come_and_go() {
        let path = LocalPath::parse("/a?x=1&m=2&y=%26&m=3").unwrap();
        assert_eq!(path.without_parameter("m").as_str(), "/a?x=1&y=%26");
        assert_eq!(path.parameter("m").as_deref(), Some("2"));
        let only = LocalPath::root().with_parameter("to", "/b?c&d");
        assert_eq!(only.as_str(), "/?to=%2Fb%3Fc%26d");
        assert_eq!(only.parameter("to").as_deref(), Some("/b?c&d"));
        assert_eq!(only.without_parameter("to").as_str(), "/");
        assert_eq!(only.with_parameter("m", "1").as_str(), "/?to=%2Fb%3Fc%26d&m=1");
    }

    proptest! {
        /// As a browser reads it.
        #[test]
        fn h16_a_local_path_stays_on_its_origin(text in "/[ -~\\t\\n\\\\/.?#%2eE]{0,12}", more in ".{0,5}") {
            if let Ok(path) = LocalPath::parse(&format!("{text}{more}")) {
                let base = Url::parse("https://app.test/page?x").unwrap();
                let url = base.join(path.as_str()).unwrap();
                prop_assert_eq!(url.origin(), base.origin());
                prop_assert!(!url.path().starts_with("//"), "{}", url);
                prop_assert_eq!(base.join(url.path()).unwrap().origin(), base.origin());
            }
        }
    }
}
