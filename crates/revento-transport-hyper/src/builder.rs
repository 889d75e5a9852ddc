//! Configuration.

use std::{error::Error, fmt, path::PathBuf, sync::Arc, time::Duration};

use http::HeaderValue;
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{
    ClientConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
};
use rustls_platform_verifier::Verifier;

use crate::{
    HyperTransport,
    connect::{Connect, Route},
    proxy::Proxy,
};

/// How long a connection may wait for its next request. Shorter than servers wait usually: a request that meets
/// their close is in doubt.
const IDLE: Duration = Duration::from_secs(30);

/// Configures a [`HyperTransport`].
#[derive(Debug, Clone)]
pub struct Builder {
    timeout: Duration,
    connect_timeout: Duration,
    largest_response: usize,
    user_agent: String,
    proxy: Option<Secret>,
    unix_socket: Option<PathBuf>,
    root_certificates_pem: Vec<Vec<u8>>,
}

/// A proxy's URL can have a password.
#[derive(Clone)]
struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(5),
            largest_response: 16 << 20,
            user_agent: concat!("revento-rust/", env!("CARGO_PKG_VERSION")).into(),
            proxy: None,
            unix_socket: None,
            root_certificates_pem: Vec::new(),
        }
    }
}

impl Builder {
    /// For a whole exchange, from the name to the last byte of the answer.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// For the connection alone: name, socket, tunnel and TLS. When it runs out the request was never sent.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// The most bytes that the body of a response may have.
    pub fn largest_response(mut self, bytes: usize) -> Self {
        self.largest_response = bytes;
        self
    }

    /// What to call oneself.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = name.into();
        self
    }

    /// Sends everything through this proxy (`http://` or `https://` URL, perhaps with user name and
    /// password). None is used otherwise.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(Secret(url.into()));
        self
    }

    /// Makes every connection to this Unix socket, whatever host a URL names. A proxy is not used then.
    #[cfg(unix)]
    pub fn unix_socket(mut self, path: impl Into<PathBuf>) -> Self {
        self.unix_socket = Some(path.into());
        self
    }

    /// Trusts the root certificates in this text (PEM), beside the operating system's. May be repeated.
    pub fn root_certificate_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates_pem.push(pem.into());
        self
    }

    /// Builds the transport. Opens no connection.
    ///
    /// # Errors
    /// When TLS, the proxy's URL, a certificate or the name cannot be used.
    pub fn build(self) -> Result<HyperTransport, BuildError> {
        let tls = Arc::new(self.tls()?);
        let user_agent = HeaderValue::try_from(&self.user_agent).map_err(|error| {
            BuildError::new(
                "the user agent cannot stand in a header: leave out control characters",
                error,
            )
        })?;
        let proxy = self.proxy.as_ref().map(|url| Proxy::parse(&url.0)).transpose()?;
        let proxy_authorization = proxy.as_ref().and_then(|proxy| proxy.authorization.clone());
        let route = match (self.unix_socket, proxy) {
            (Some(path), _) => Route::Unix(path.into()),
            (None, Some(proxy)) => Route::Proxy(proxy, HttpsConnector::from((tcp(), Arc::clone(&tls)))),
            (None, None) => Route::Direct(tcp()),
        };
        let client = Client::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(Connect::new(route, tls, self.connect_timeout));
        Ok(HyperTransport {
            client,
            timeout: self.timeout,
            largest_response: self.largest_response,
            user_agent,
            proxy_authorization,
        })
    }

    fn tls(&self) -> Result<ClientConfig, BuildError> {
        let mut roots: Vec<CertificateDer<'static>> = Vec::new();
        for pem in &self.root_certificates_pem {
            let before = roots.len();
            for certificate in CertificateDer::pem_slice_iter(pem) {
                roots.push(certificate.map_err(|error| BuildError::new(NO_CERTIFICATE, error))?);
            }
            if roots.len() == before {
                return Err(BuildError::new(NO_CERTIFICATE, "it has no certificate"));
            }
        }
        // By name, so that it does not depend on which provider some other crate has installed.
        let provider = Arc::new(aws_lc_rs::default_provider());
        let failed = |error| BuildError::new("TLS cannot be set up: check the root certificates", error);
        let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&provider)).map_err(failed)?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(config)
    }
}

const NO_CERTIFICATE: &str = "a root certificate cannot be read: give it as PEM, from BEGIN CERTIFICATE on";

fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp
}

/// The transport cannot be built from this configuration.
#[derive(Debug)]
pub struct BuildError {
    what: &'static str,
    source: Box<dyn Error + Send + Sync>,
}

impl BuildError {
    pub(crate) fn new(what: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            what,
            source: source.into(),
        }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.what, self.source)
    }
}

impl Error for BuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}
