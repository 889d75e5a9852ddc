//! Who we are to the platform.

use revento_core::{ClientId, ClientSecret};
use url::Url;

/// An integration as the manifest registered it, and where the platform is.
#[derive(Debug, Clone)]
pub struct Integration {
    pub(crate) auth_base: Url,
    pub(crate) client_id: ClientId,
    pub(crate) client_secret: Option<ClientSecret>,
    pub(crate) redirect_uri: String,
}

/// The configuration cannot work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Not an absolute `http` or `https` URL.
    #[error(
        "{what} is {value:?}, which is not an absolute http(s) URL: write it like https://auth.revento.example"
    )]
    NotAUrl {
        /// Which setting.
        what: &'static str,
        /// What it was.
        value: String,
    },
    /// Empty.
    #[error("{what} is empty: copy it from the developer console")]
    Empty {
        /// Which setting.
        what: &'static str,
    },
}

impl Integration {
    /// A public client: `auth_base` is the platform's authorization server, `redirect_uri` is kept
    /// byte for byte, as the platform compares it (contract §1).
    ///
    /// # Errors
    /// When a URL is not absolute or the client id is empty.
    pub fn new(
        auth_base: &str,
        client_id: impl Into<ClientId>,
        redirect_uri: &str,
    ) -> Result<Self, ConfigError> {
        let client_id = client_id.into();
        if client_id.as_str().trim().is_empty() {
            return Err(ConfigError::Empty {
                what: "the client id",
            });
        }
        absolute("the redirect URI", redirect_uri)?;
        Ok(Self {
            auth_base: absolute("the authorization base URL", auth_base)?,
            client_id,
            client_secret: None,
            redirect_uri: redirect_uri.into(),
        })
    }

    /// Makes it a confidential client.
    pub fn with_secret(mut self, secret: impl Into<ClientSecret>) -> Self {
        self.client_secret = Some(secret.into());
        self
    }

    /// The client id.
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// The client secret, for what the platform authenticates with it; a public client has none.
    pub fn client_secret(&self) -> Option<&ClientSecret> {
        self.client_secret.as_ref()
    }

    /// The redirect URI, as registered.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    pub(crate) fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.auth_base.as_str().trim_end_matches('/'))
    }
}

fn absolute(what: &'static str, value: &str) -> Result<Url, ConfigError> {
    match Url::parse(value) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        _ => Err(ConfigError::NotAUrl {
            what,
            value: value.into(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_may_end_in_a_slash_and_a_redirect_uri_keeps_its_own() {
        let integration = Integration::new("http://a/", "c", "http://b/callback/").unwrap();
        assert_eq!(integration.endpoint("/oauth/token"), "http://a/oauth/token");
        assert_eq!(integration.redirect_uri(), "http://b/callback/");
    }

    #[test]
    fn d4_what_is_no_url_is_named() {
        let error = Integration::new("auth.example", "c", "http://b/").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("the authorization base URL is \"auth.example\""),
            "{error}"
        );
        assert!(Integration::new("http://a", " ", "http://b/").is_err());
        assert!(Integration::new("http://a", "c", "/callback").is_err());
    }
}
