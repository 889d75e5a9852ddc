//! The settings that HTTP transports share.

use std::{error::Error, fmt, time::Duration};

use http::HeaderValue;
use revento_core::error::ErrorKind;

/// The settings of an HTTP transport.
///
/// ```
/// use std::time::Duration;
/// use revento_transport::HttpConfig;
///
/// let config = HttpConfig::new()
///     .timeout(Duration::from_secs(10))
///     .proxy("http://proxy.example:3128");
/// assert_eq!(config.timeout, Duration::from_secs(10));
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpConfig {
    /// The time for a whole exchange, from resolving the name to the last byte of the response.
    pub timeout: Duration,
    /// The time for the connection: name, socket, tunnel and TLS. When it passes, the request was never sent.
    pub connect_timeout: Duration,
    /// The largest body of a response that the transport reads, in bytes.
    pub max_response_bytes: usize,
    /// The `user-agent` header of requests that have none.
    pub user_agent: String,
    /// The proxy for all requests. The transports read no proxy from the environment.
    pub proxy: Option<ProxyUrl>,
    /// Trusted root certificates (PEM) beside those of the operating system.
    pub root_certificates_pem: Vec<Vec<u8>>,
}

impl Default for HttpConfig {
    /// 20 s for an exchange, 5 s for a connection, 16 MiB for a response, no proxy.
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(5),
            max_response_bytes: 16 << 20,
            user_agent: concat!("revento-rust/", env!("CARGO_PKG_VERSION")).into(),
            proxy: None,
            root_certificates_pem: Vec::new(),
        }
    }
}

impl HttpConfig {
    /// The [default](Self::default) settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the time for a whole exchange.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the time for the connection.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets the largest body of a response, in bytes.
    #[must_use]
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Sets the `user-agent` header.
    #[must_use]
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = name.into();
        self
    }

    /// Sends all requests through this proxy: an `http://` or `https://` URL, which may carry a user name and a
    /// password.
    #[must_use]
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(ProxyUrl(url.into()));
        self
    }

    /// Trusts the root certificates in this PEM text, beside those of the operating system. May be called
    /// repeatedly.
    #[must_use]
    pub fn root_certificate_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates_pem.push(pem.into());
        self
    }

    /// The user agent as a header value, for implementations of a transport.
    ///
    /// # Errors
    /// When the text has characters that a header cannot carry.
    pub fn user_agent_header(&self) -> Result<HeaderValue, BuildError> {
        HeaderValue::try_from(&self.user_agent)
            .map_err(|error| BuildError::new(BuildErrorReason::UserAgent, error))
    }
}

impl fmt::Debug for HttpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpConfig")
            .field("timeout", &self.timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("max_response_bytes", &self.max_response_bytes)
            .field("user_agent", &self.user_agent)
            .field("proxy", &self.proxy)
            .field("root_certificates", &self.root_certificates_pem.len())
            .finish()
    }
}

/// The URL of a proxy. It may carry a password, so `Debug` does not show it.
#[derive(Clone)]
pub struct ProxyUrl(String);

impl ProxyUrl {
    /// The URL with its user name and password.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProxyUrl(redacted)")
    }
}

/// A transport cannot be built from its [`HttpConfig`].
pub struct BuildError {
    reason: BuildErrorReason,
    source: Box<dyn Error + Send + Sync>,
}

revento_core::readable_debug!(BuildError);

/// Which setting of a transport is unusable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BuildErrorReason {
    /// The user agent has characters that a header cannot carry.
    UserAgent,
    /// The proxy's URL does not parse or has an unsupported scheme.
    Proxy,
    /// A root certificate does not parse.
    RootCertificate,
    /// TLS cannot be set up on this machine.
    Tls,
    /// The transport is built without a cryptography provider for TLS, and the program has installed none.
    TlsProvider,
}

impl BuildError {
    /// An error for implementations of a transport. `source` must not repeat the proxy's password.
    pub fn new(reason: BuildErrorReason, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            reason,
            source: source.into(),
        }
    }

    /// The unusable setting.
    pub fn reason(&self) -> BuildErrorReason {
        self.reason
    }

    /// Always [`ErrorKind::Configuration`].
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Configuration
    }

    /// Always `false`: the configuration has to change.
    pub fn is_transient(&self) -> bool {
        false
    }

    /// Always `false`: building a transport sends nothing.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.reason {
            BuildErrorReason::UserAgent => {
                "the user agent cannot be a header value: remove control characters"
            }
            BuildErrorReason::Proxy => {
                "the proxy's URL cannot be used: write it like http://proxy.example:3128"
            }
            BuildErrorReason::RootCertificate => {
                "a root certificate cannot be read: give it as PEM, from BEGIN CERTIFICATE on"
            }
            BuildErrorReason::Tls => "TLS cannot be set up: check the root certificates of this machine",
            BuildErrorReason::TlsProvider => {
                "TLS has no cryptography provider: enable the transport's feature aws-lc-rs, or install a provider \
                 of rustls when the program starts"
            }
        })
    }
}

impl Error for BuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}
