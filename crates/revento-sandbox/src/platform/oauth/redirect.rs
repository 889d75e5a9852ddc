//! The redirect back to the integration.

use url::Url;

use crate::platform::oauth::error::OAuthError;

/// The redirect URI with a code or an error, and the `state` (RFC 6749 §4.1.2). `None` if the URI is not a URL.
pub(crate) fn redirect_url(
    redirect_uri: &str,
    state: Option<&str>,
    result: &Result<String, OAuthError>,
) -> Option<Url> {
    let mut url = Url::parse(redirect_uri).ok()?;
    {
        let mut query = url.query_pairs_mut();
        match result {
            Ok(code) => query.append_pair("code", code),
            Err(error) => query
                .append_pair("error", error.code)
                .append_pair("error_description", &error.description),
        };
        if let Some(state) = state {
            query.append_pair("state", state);
        }
    }
    Some(url)
}
