//! A session cookie that survives inside a third party's frame.

use std::time::Duration;

use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue};
use revento_core::error::ErrorKind;

use crate::browser::cookies;

/// The session cookie of a webview page: `__Host-`, `HttpOnly`, `Secure`, `SameSite=None`, `Partitioned`.
///
/// In a frame of another site, browsers hold back or refuse other cookies. A partitioned cookie belongs to this page *under
/// the platform's site* alone. The service chooses the value: a random id, new at every login, or a sealed token. Browsers
/// accept the cookie over TLS only.
///
/// ```
/// use std::time::Duration;
/// use revento_web::WebviewCookie;
///
/// let cookie = WebviewCookie::new("session");
/// assert_eq!(
///     cookie.set("4f1c", Duration::from_secs(3600))?,
///     "__Host-session=4f1c; HttpOnly; SameSite=None; Partitioned; Secure; Path=/; Max-Age=3600"
/// );
/// # Ok::<(), revento_web::CookieError>(())
/// ```
#[derive(Debug, Clone)]
pub struct WebviewCookie {
    name: String,
}

/// The name or the value of a cookie has characters that no cookie may have (RFC 6265 §4.1.1).
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a cookie's name and value are visible ASCII without quotes, commas, semicolons and backslashes: encode it"
)]
pub struct CookieError;

revento_core::readable_debug!(CookieError);

impl CookieError {
    /// Who is at fault: the program.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
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

impl WebviewCookie {
    /// A cookie with this name and the prefix `__Host-`.
    pub fn new(name: &str) -> Self {
        Self {
            name: format!("__Host-{name}"),
        }
    }

    /// The `Set-Cookie` that begins or extends a session.
    ///
    /// # Errors
    /// When the name or the value has characters that no cookie may have.
    pub fn set(&self, value: &str, max_age: Duration) -> Result<HeaderValue, CookieError> {
        let is_valid = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte))
        };
        if !is_valid(value) || !is_valid(&self.name) || self.name.contains('=') {
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

    /// The `Set-Cookie` that removes the cookie.
    ///
    /// # Errors
    /// When the name has characters that no cookie may have.
    pub fn clear(&self) -> Result<HeaderValue, CookieError> {
        self.set("", Duration::ZERO)
    }

    /// The values of a request's cookies of this name. There can be several: use the first one that is valid.
    pub fn values<'h>(&'h self, headers: &'h HeaderMap) -> impl Iterator<Item = &'h str> {
        cookies::named(headers, &self.name).filter(|value| !value.is_empty())
    }
}
