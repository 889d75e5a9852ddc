//! Where the platform is.

use url::Url;

use crate::ConfigError;

/// The base URLs of the platform: its authorization server and its read API (contract §2.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoints {
    auth: String,
    api: String,
}

/// The production bases. The contract marks both as placeholders (§2.1); this is the one place to correct them.
const PRODUCTION: (&str, &str) = (
    "https://auth.revento.example",
    "https://api.revento.example/api/v1",
);

/// Where the sandbox serves the read API, below its own base URL.
const SANDBOX_API: &str = "/api/v1";

impl Endpoints {
    /// The production platform. The platform's own sandbox is reached at the same URLs, with credentials of its own
    /// (contract §1).
    pub fn production() -> Self {
        let (auth, api) = PRODUCTION;
        Self {
            auth: auth.into(),
            api: api.into(),
        }
    }

    /// A local sandbox (`revento sandbox`, or the `revento-sandbox` crate) at this base URL.
    ///
    /// # Errors
    /// [`ConfigError::NotAUrl`] if the URL is not absolute.
    pub fn sandbox(url: &str) -> Result<Self, ConfigError> {
        let auth = base("the sandbox URL", url)?;
        let api = format!("{auth}{SANDBOX_API}");
        Ok(Self { auth, api })
    }

    /// A platform at other URLs, such as behind a proxy. Slashes at the end make no difference.
    ///
    /// # Errors
    /// [`ConfigError::NotAUrl`] if a URL is not absolute.
    pub fn new(auth: &str, api: &str) -> Result<Self, ConfigError> {
        Ok(Self {
            auth: base("the authorization base URL", auth)?,
            api: base("the API base URL", api)?,
        })
    }

    /// The base URL of the authorization server, without a slash at the end.
    pub fn auth(&self) -> &str {
        &self.auth
    }

    /// The base URL of the read API, without a slash at the end.
    pub fn api(&self) -> &str {
        &self.api
    }
}

/// A URL that a path can be appended to.
fn base(what: &'static str, value: &str) -> Result<String, ConfigError> {
    let url = absolute(what, value)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(ConfigError::NotABase {
            what,
            value: without_user_info(value),
        });
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

pub(crate) fn absolute(what: &'static str, value: &str) -> Result<Url, ConfigError> {
    match Url::parse(value) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() && !has_user_info(&url) => {
            Ok(url)
        }
        _ => Err(ConfigError::NotAUrl {
            what,
            value: without_user_info(value),
        }),
    }
}

fn has_user_info(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// The text without what may be a password, for errors. The text need not be a URL.
fn without_user_info(value: &str) -> String {
    let begin = value.find("//").map_or(0, |at| at + 2);
    match (
        value.get(..begin),
        value.rfind('@').and_then(|at| value.get(at..)),
    ) {
        (Some(scheme), Some(host)) => format!("{scheme}…{host}"),
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h7_a_base_has_no_password_and_its_error_shows_none() {
        for url in [
            "https://user:planted@auth.example",
            "https://user:plan/ted@auth.example",
            "ftp://user:planted@auth.example",
            "user:planted@auth.example",
            "http://planted@[::1",
        ] {
            let error = Endpoints::new(url, "http://api").unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(!text.contains("plan") && text.contains('…'), "{text}");
        }
    }

    #[test]
    fn production_is_two_valid_bases() {
        let production = Endpoints::production();
        let parsed = Endpoints::new(production.auth(), production.api());
        assert_eq!(parsed, Ok(production));
    }

    #[test]
    fn a_sandbox_serves_both_below_one_url() {
        let sandbox = Endpoints::sandbox("http://127.0.0.1:4010/").unwrap();
        assert_eq!(sandbox.auth(), "http://127.0.0.1:4010");
        assert_eq!(sandbox.api(), "http://127.0.0.1:4010/api/v1");
    }

    #[test]
    fn d4_a_url_that_cannot_be_a_base_is_named() {
        let error = Endpoints::new("auth.example", "http://api").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("the authorization base URL is \"auth.example\""),
            "{error}"
        );
        let error = Endpoints::new("http://auth", "http://api/?v=1").unwrap_err();
        assert!(error.to_string().starts_with("the API base URL is"), "{error}");
        assert!(Endpoints::sandbox("/api").is_err());
    }
}
