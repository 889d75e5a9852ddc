//! Where the platform is.

use url::{Host, Url};

use crate::ConfigError;

/// The base URLs of the platform: its authorization server and its read API (contract §2.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoints {
    auth: String,
    api: String,
    allows_insecure_http: bool,
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
            allows_insecure_http: false,
        }
    }

    /// A local sandbox (`revento sandbox`, or the `revento-sandbox` crate) at this base URL.
    ///
    /// # Errors
    /// [`ConfigError::NotAUrl`] if the URL is not absolute.
    pub fn sandbox(url: &str) -> Result<Self, ConfigError> {
        let auth = base("the sandbox URL", url)?;
        let api = format!("{auth}{SANDBOX_API}");
        Ok(Self {
            auth,
            api,
            allows_insecure_http: false,
        })
    }

    /// A platform at other URLs, such as behind a proxy. Slashes at the end make no difference.
    ///
    /// # Errors
    /// [`ConfigError::NotAUrl`] if a URL is not absolute.
    pub fn new(auth: &str, api: &str) -> Result<Self, ConfigError> {
        Ok(Self {
            auth: base("the authorization base URL", auth)?,
            api: base("the API base URL", api)?,
            allows_insecure_http: false,
        })
    }

    /// Allows `http://` for hosts other than this machine: for the bases, and for the redirect URI of the integration.
    ///
    /// Tokens, codes and the client secret then cross the network in the clear. Allow it where the network itself is trusted, such
    /// as between the containers of a test, or if the transport connects to a Unix socket.
    ///
    /// ```
    /// use revento_oauth::{ConfigError, Endpoints, Integration};
    ///
    /// let endpoints = Endpoints::sandbox("http://sandbox:4010")?;
    /// let refused = Integration::new(endpoints.clone(), "client", "http://localhost:3000/callback");
    /// assert!(matches!(refused, Err(ConfigError::InsecureHttp { .. })));
    /// Integration::new(endpoints.allow_insecure_http(), "client", "http://localhost:3000/callback")?;
    /// # Ok::<(), ConfigError>(())
    /// ```
    #[must_use]
    pub fn allow_insecure_http(mut self) -> Self {
        self.allows_insecure_http = true;
        self
    }

    /// Refuses `http://` for the bases and the redirect URI, unless their host is this machine or it was allowed.
    pub(crate) fn check_encryption(&self, redirect_uri: &str) -> Result<(), ConfigError> {
        let urls = [
            ("the authorization base URL", self.auth.as_str()),
            ("the API base URL", self.api.as_str()),
            ("the redirect URI", redirect_uri),
        ];
        for (what, value) in urls {
            if !self.allows_insecure_http && is_insecure(&absolute(what, value)?) {
                return Err(ConfigError::InsecureHttp {
                    what,
                    value: value.into(),
                });
            }
        }
        Ok(())
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

/// Parses a URL. The parser drops white space, but the platform compares text, so white space is refused.
pub(crate) fn absolute(what: &'static str, value: &str) -> Result<Url, ConfigError> {
    let is_clean = !value.chars().any(|c| c.is_whitespace() || c.is_control());
    match Url::parse(value) {
        Ok(url)
            if is_clean
                && matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && !has_user_info(&url) =>
        {
            Ok(url)
        }
        _ => Err(ConfigError::NotAUrl {
            what,
            value: without_user_info(value),
        }),
    }
}

/// Whether a URL leads over a network without encryption. The parsed scheme is in lower case.
fn is_insecure(url: &Url) -> bool {
    let is_this_machine = match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    };
    url.scheme() == "http" && !is_this_machine
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
        assert_eq!(
            without_user_info("https://u:p@auth.example"),
            "https://…@auth.example"
        );
    }

    #[test]
    fn h19_plain_http_leaves_this_machine_only_if_it_is_allowed() {
        use crate::Integration;

        let build = |auth: &str, api: &str, redirect: &str| {
            let endpoints = Endpoints::new(auth, api)?;
            let allowed = Integration::new(endpoints.clone().allow_insecure_http(), "c", redirect);
            assert!(allowed.is_ok(), "{auth} {api} {redirect}");
            Integration::new(endpoints, "c", redirect)
        };
        let (auth, api, redirect) = ("https://auth.test", "https://api.test/v1", "https://app.test/cb");
        for host in [
            "localhost:3000",
            "LOCALHOST",
            "app.localhost",
            "127.0.0.1:4010",
            "127.8.9.1",
            "[::1]:80",
            "[::ffff:127.0.0.1]",
            "2130706433",
        ] {
            let url = format!("http://{host}/x");
            assert!(build(&url, &url, &url).is_ok(), "{host}");
        }
        for host in [
            "auth.test",
            "localhost.evil.test",
            "notlocalhost",
            "10.0.0.1",
            "128.0.0.1",
            "[::2]",
            "0.0.0.0",
            "sandbox:4010",
        ] {
            for scheme in ["http", "HTTP", "hTTp"] {
                let url = format!("{scheme}://{host}/x");
                for built in [
                    build(&url, api, redirect),
                    build(auth, &url, redirect),
                    build(auth, api, &url),
                ] {
                    let error = built.unwrap_err();
                    assert!(matches!(error, ConfigError::InsecureHttp { .. }), "{error}");
                }
            }
        }
        assert!(build("HTTPS://auth.test", "HtTpS://api.test", "HTTPS://app.test/cb").is_ok());
    }

    #[test]
    fn h19_white_space_query_fragment_and_user_info_are_errors() {
        use crate::Integration;

        for part in [" ", "\t", "\n", "\r\n", "\u{a0}", "\0"] {
            for url in [
                format!("https://a.test{part}"),
                format!("{part}https://a.test"),
                format!("https://a.te{part}st"),
            ] {
                let error = Endpoints::new(&url, "https://api.test").unwrap_err();
                assert!(matches!(error, ConfigError::NotAUrl { .. }), "{url:?}: {error}");
                assert!(Endpoints::sandbox(&url).is_err(), "{url:?}");
                assert!(
                    Integration::new(Endpoints::production(), "c", &url).is_err(),
                    "{url:?}"
                );
            }
        }
        for url in [
            "https://a.test?",
            "https://a.test/?x=1",
            "https://a.test#",
            "https://a.test/#x",
        ] {
            let error = Endpoints::new("https://auth.test", url).unwrap_err();
            assert!(matches!(error, ConfigError::NotABase { .. }), "{error}");
        }
        for url in ["https://u@a.test/", "https://u:p@a.test/", "https://:p@a.test/"] {
            assert!(Endpoints::new(url, "https://api.test").is_err());
            assert!(Integration::new(Endpoints::production(), "c", url).is_err());
        }
        let with_query = Integration::new(Endpoints::production(), "c", "https://a.test/cb?tenant=1");
        assert_eq!(with_query.unwrap().redirect_uri(), "https://a.test/cb?tenant=1");
        let error = Integration::new(Endpoints::production(), "c", "https://a.test/cb#x").unwrap_err();
        assert!(matches!(error, ConfigError::Fragment { .. }), "{error}");
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
