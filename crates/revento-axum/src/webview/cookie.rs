//! A session cookie that survives inside a third party's frame.

use std::time::Duration;

use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, header::COOKIE};

/// The session cookie of a webview page: `__Host-`, `HttpOnly`, `Secure`, `SameSite=None`, `Partitioned`.
///
/// Browsers keep other cookies back in a frame of another site, or refuse them altogether; a partitioned
/// one belongs to this page *under the platform's site* alone. What its value means is the service's
/// business: a random id, new at every login, or a sealed token. Browsers take it over TLS only.
///
/// ```
/// use std::time::Duration;
/// use revento_axum::WebviewCookie;
///
/// let cookie = WebviewCookie::new("session");
/// assert_eq!(
///     cookie.set("4f1c", Duration::from_secs(3600))?,
///     "__Host-session=4f1c; HttpOnly; SameSite=None; Partitioned; Secure; Path=/; Max-Age=3600"
/// );
/// # Ok::<(), revento_axum::CookieError>(())
/// ```
#[derive(Debug, Clone)]
pub struct WebviewCookie {
    name: String,
}

/// The name or the value has characters that no cookie may have (RFC 6265 §4.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a cookie's name and value are visible ASCII without quotes, commas, semicolons and backslashes: encode it"
)]
pub struct CookieError;

impl WebviewCookie {
    /// A cookie of this name; the prefix `__Host-` is added.
    pub fn new(name: &str) -> Self {
        Self {
            name: format!("__Host-{name}"),
        }
    }

    /// The `Set-Cookie` that begins or prolongs a session.
    ///
    /// # Errors
    /// When the name or the value cannot stand in a cookie.
    pub fn set(&self, value: &str, max_age: Duration) -> Result<HeaderValue, CookieError> {
        let good = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte))
        };
        if !good(value) || !good(&self.name) || self.name.contains('=') {
            return Err(CookieError);
        }
        let seconds = i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX);
        let cookie = Cookie::build((&self.name, value))
            .path("/")
            .http_only(true)
            .secure(true)
            .same_site(SameSite::None)
            .partitioned(true)
            .max_age(cookie::time::Duration::seconds(seconds));
        HeaderValue::try_from(cookie.to_string()).map_err(|_| CookieError)
    }

    /// The `Set-Cookie` that ends it.
    ///
    /// # Errors
    /// When the name cannot stand in a cookie.
    pub fn end(&self) -> Result<HeaderValue, CookieError> {
        self.set("", Duration::ZERO)
    }

    /// What the browser sent; the first one, if it sent several.
    pub fn find(&self, headers: &HeaderMap) -> Option<String> {
        let lines = headers.get_all(COOKIE).into_iter();
        lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(Cookie::split_parse)
            .filter_map(Result::ok)
            .find(|cookie| cookie.name() == self.name)
            .map(|cookie| cookie.value().to_owned())
            .filter(|value| !value.is_empty())
    }
}
