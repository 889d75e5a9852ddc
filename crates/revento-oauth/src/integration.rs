//! The integration's registration with the platform.

use revento_core::{ClientId, ClientSecret};

use crate::{ConfigError, Endpoints, endpoints::absolute};

/// An integration as its manifest registers it, and the platform that it is registered with.
#[derive(Debug, Clone)]
pub struct Integration {
    endpoints: Endpoints,
    pub(crate) client_id: ClientId,
    pub(crate) client_secret: Option<ClientSecret>,
    pub(crate) redirect_uri: String,
}

impl Integration {
    /// A public client, until it has a [secret](Self::with_secret). The redirect URI is sent byte for byte as it is given here, because
    /// the platform compares it so (contract §1).
    ///
    /// # Errors
    /// [`ConfigError::Empty`] if the client id is blank, [`ConfigError::SurroundingWhitespace`] if a line break was copied with it,
    /// [`ConfigError::NotAUrl`] or [`ConfigError::Fragment`] if the redirect URI is malformed, [`ConfigError::InsecureHttp`] if the redirect URI or a base is an `http://` URL of another machine and
    /// [that was not allowed](Endpoints::allow_insecure_http).
    pub fn new(
        endpoints: Endpoints,
        client_id: impl Into<ClientId>,
        redirect_uri: &str,
    ) -> Result<Self, ConfigError> {
        let client_id = client_id.into();
        check_copied("the client id", client_id.as_str())?;
        if absolute("the redirect URI", redirect_uri)?.fragment().is_some() {
            return Err(ConfigError::Fragment {
                what: "the redirect URI",
                value: redirect_uri.into(),
            });
        }
        endpoints.check_encryption(redirect_uri)?;
        Ok(Self {
            endpoints,
            client_id,
            client_secret: None,
            redirect_uri: redirect_uri.into(),
        })
    }

    /// Makes it a confidential client.
    #[must_use]
    pub fn with_secret(mut self, secret: impl Into<ClientSecret>) -> Self {
        self.client_secret = Some(secret.into());
        self
    }

    /// The platform's base URLs.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// The client id.
    pub fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// The client secret; `None` for a public client.
    pub fn client_secret(&self) -> Option<&ClientSecret> {
        self.client_secret.as_ref()
    }

    /// Finds a client secret that cannot be the one of the developer console, before an organizer has consented for nothing. A client
    /// checks it when it is built.
    ///
    /// # Errors
    /// [`ConfigError::Empty`] if the secret is blank, [`ConfigError::SurroundingWhitespace`] if a line break was copied with it.
    pub fn check_secret(&self) -> Result<(), ConfigError> {
        match &self.client_secret {
            Some(secret) => check_copied("the client secret", secret.expose()),
            None => Ok(()),
        }
    }

    /// The redirect URI, as registered.
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    pub(crate) fn auth_url(&self, path: &str) -> String {
        format!("{}{path}", self.endpoints.auth())
    }
}

fn check_copied(what: &'static str, value: &str) -> Result<(), ConfigError> {
    match value.trim() {
        "" => Err(ConfigError::Empty { what }),
        trimmed if trimmed != value => Err(ConfigError::SurroundingWhitespace { what }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_may_end_in_a_slash_and_a_redirect_uri_keeps_its_own() {
        let endpoints = Endpoints::new("https://a/", "https://a/api").unwrap();
        let integration = Integration::new(endpoints, "c", "https://b/callback/").unwrap();
        assert_eq!(integration.auth_url("/oauth/token"), "https://a/oauth/token");
        assert_eq!(integration.redirect_uri(), "https://b/callback/");
    }

    #[test]
    fn a_public_client_has_no_secret() {
        let public = Integration::new(Endpoints::production(), "c", "https://b/").unwrap();
        assert!(public.client_secret().is_none() && public.check_secret().is_ok());
        assert!(public.clone().with_secret("secret\n").check_secret().is_err());
        let confidential = public.with_secret("secret");
        assert_eq!(confidential.client_secret().unwrap().expose(), "secret");
    }

    #[test]
    fn d4_a_blank_client_id_or_a_relative_redirect_uri_is_refused() {
        assert!(Integration::new(Endpoints::production(), " ", "https://b/").is_err());
        assert!(Integration::new(Endpoints::production(), "c\n", "https://b/").is_err());
        assert!(Integration::new(Endpoints::production(), "c", "/callback").is_err());
    }
}
