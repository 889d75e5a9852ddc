//! The Revento SDK's HTTP transport on reqwest: HTTP/1 and HTTP/2 over rustls, with pooled connections.
//!
//! The transport follows no redirects (they would carry a credential to another host), retries nothing (it would send
//! a refresh token twice), and reads no proxy from the environment. The time and the size of a response are limited.
//!
//! It speaks HTTP/2 when the peer offers it in the TLS handshake (ALPN), and HTTP/1 without TLS: HTTP/2 with prior
//! knowledge is not supported.
//!
//! # Features
//! - `aws-lc-rs` (default): cryptography by aws-lc-rs. Without it the program installs a provider of rustls when it starts:
//!   [ring](https://docs.rs/rustls/0.23/rustls/crypto/ring), which builds faster, or one that is certified by FIPS. An installed
//!   provider wins over this feature.
//! - `http2` (default)
//!
//! ```
//! use std::time::Duration;
//! use revento_transport_reqwest::{HttpConfig, ReqwestTransport};
//!
//! let transport = ReqwestTransport::with_config(HttpConfig::new().timeout(Duration::from_secs(10)))?;
//! # Ok::<(), revento_transport_reqwest::BuildError>(())
//! ```
//!
//! # Features
//! | feature | what it adds |
//! |---|---|
//! | `aws-lc-rs` | on by default: TLS by aws-lc-rs. Without it the program installs a provider of rustls |
//! | `http2` | on by default: HTTP/2, if the peer offers it |
//!
//! # What it does not do
//! No redirects, no retries, no cookies, no proxy from the environment, no HTTP/3 and no HTTP/2 without TLS. It needs tokio. `revento-transport-hyper` has
//! fewer dependencies.
//!
//! # Stability
//! It needs Rust 1.95 or later, and only a new minor version raises that. All crates of the SDK have one version and follow
//! [semantic versioning](https://semver.org): before 1.0, only a new minor version breaks programs. The
//! [changelog](https://github.com/revento/revento-rs/blob/main/CHANGELOG.md) says what to change.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
pub use revento_transport::{BuildError, HttpConfig};
use revento_transport::{BuildErrorReason, Transport, TransportError, collect_limited};
use rustls::crypto::CryptoProvider;

/// A [`Transport`] on a pooled reqwest client. Clones share the pool.
#[derive(Clone)]
pub struct ReqwestTransport {
    client: reqwest::Client,
    max_response_bytes: usize,
}

/// Without the client, whose proxy may have a password.
impl fmt::Debug for ReqwestTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReqwestTransport")
            .field("max_response_bytes", &self.max_response_bytes)
            .finish_non_exhaustive()
    }
}

impl ReqwestTransport {
    /// A transport with the [default settings](HttpConfig::default). Opens no connection.
    ///
    /// # Errors
    /// When TLS cannot be set up on this machine.
    pub fn new() -> Result<Self, BuildError> {
        Self::with_config(HttpConfig::new())
    }

    /// A transport with these settings. Opens no connection.
    ///
    /// # Errors
    /// When TLS, the proxy's URL, a certificate or the user agent cannot be used.
    pub fn with_config(config: HttpConfig) -> Result<Self, BuildError> {
        // Without a provider reqwest panics.
        if cfg!(not(feature = "aws-lc-rs")) && CryptoProvider::get_default().is_none() {
            let hint = "no process-level CryptoProvider of rustls";
            return Err(BuildError::new(BuildErrorReason::TlsProvider, hint));
        }
        let mut client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .timeout(config.timeout)
            .connect_timeout(config.connect_timeout)
            .user_agent(config.user_agent_header()?);
        if let Some(url) = &config.proxy {
            let proxy = reqwest::Proxy::all(url.expose()).map_err(unusable(BuildErrorReason::Proxy))?;
            client = client.proxy(proxy);
        }
        for pem in &config.root_certificates_pem {
            let unreadable = unusable(BuildErrorReason::RootCertificate);
            client = client.add_root_certificate(reqwest::Certificate::from_pem(pem).map_err(unreadable)?);
        }
        Ok(Self {
            client: client.build().map_err(unusable(BuildErrorReason::Tls))?,
            max_response_bytes: config.max_response_bytes,
        })
    }
}

fn unusable(reason: BuildErrorReason) -> impl FnOnce(reqwest::Error) -> BuildError {
    move |error| BuildError::new(reason, error.without_url())
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let request = reqwest::Request::try_from(request).map_err(classify)?;
        let response = self.client.execute(request).await.map_err(classify)?;
        collect_limited(response.into(), self.max_response_bytes, classify).await
    }
}

/// Only a failure before the connection is established proves that the request was not sent.
fn classify(error: reqwest::Error) -> TransportError {
    let (before_sending, timed_out) = (error.is_connect(), error.is_timeout());
    let invalid = error.is_builder();
    // The query of a URL can carry secrets.
    let error = error.without_url();
    let error = if invalid {
        TransportError::invalid_request(error)
    } else if before_sending {
        TransportError::never_sent(error)
    } else {
        TransportError::may_have_been_sent(error)
    };
    if timed_out { error.timed_out() } else { error }
}
