//! The Revento SDK's transport on reqwest: HTTP/1 and HTTP/2 over rustls, pooled connections.
//!
//! Redirects are not followed (a credential would travel along), nothing is retried (a refresh token
//! would be sent twice), no proxy is taken from the environment unasked, and a response has a time
//! and a size that it may not exceed.
//!
//! HTTP/2 is spoken where the peer offers it in the TLS handshake (ALPN). Without TLS it is HTTP/1 always: prior
//! knowledge is not supported.
//!
//! ```
//! use std::time::Duration;
//! use revento_transport_reqwest::ReqwestTransport;
//!
//! let transport = ReqwestTransport::builder().timeout(Duration::from_secs(10)).build()?;
//! # Ok::<(), revento_transport_reqwest::BuildError>(())
//! ```

use std::{error::Error, fmt, time::Duration};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::header::CONTENT_LENGTH;
use revento_transport::{Transport, TransportError};

/// A [`Transport`] on a pooled reqwest client.
#[derive(Debug, Clone)]
pub struct ReqwestTransport {
    client: reqwest::Client,
    largest_response: usize,
}

/// Configures a [`ReqwestTransport`].
#[derive(Debug, Clone)]
pub struct Builder {
    timeout: Duration,
    connect_timeout: Duration,
    largest_response: usize,
    user_agent: String,
    proxy: Option<String>,
    root_certificates_pem: Vec<Vec<u8>>,
}

impl ReqwestTransport {
    /// The defaults: 20 s for a whole exchange, 5 s for a connection, 16 MiB for a response.
    ///
    /// # Errors
    /// When TLS cannot be set up on this machine.
    pub fn new() -> Result<Self, BuildError> {
        Self::builder().build()
    }

    /// Starts from the defaults.
    pub fn builder() -> Builder {
        Builder {
            timeout: Duration::from_secs(20),
            connect_timeout: Duration::from_secs(5),
            largest_response: 16 << 20,
            user_agent: concat!("revento-rust/", env!("CARGO_PKG_VERSION")).into(),
            proxy: None,
            root_certificates_pem: Vec::new(),
        }
    }
}

impl Builder {
    /// From the first byte out to the last byte in.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// For the connection and the handshake alone; when it runs out the request was never sent.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// The most bytes that a response may have.
    pub fn largest_response(mut self, bytes: usize) -> Self {
        self.largest_response = bytes;
        self
    }

    /// What to call oneself.
    pub fn user_agent(mut self, name: impl Into<String>) -> Self {
        self.user_agent = name.into();
        self
    }

    /// Sends everything through this proxy (`http://` or `https://` URL). None is used otherwise.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// Trusts one more root certificate (PEM), beside the operating system's.
    pub fn root_certificate_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.root_certificates_pem.push(pem.into());
        self
    }

    /// Builds the transport. Opens no connection.
    ///
    /// # Errors
    /// When TLS, the proxy's URL, a certificate or the name cannot be used.
    pub fn build(self) -> Result<ReqwestTransport, BuildError> {
        let mut client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .timeout(self.timeout)
            .connect_timeout(self.connect_timeout)
            .user_agent(self.user_agent);
        if let Some(url) = self.proxy {
            client = client.proxy(reqwest::Proxy::all(url).map_err(BuildError)?);
        }
        for pem in self.root_certificates_pem {
            client = client.add_root_certificate(reqwest::Certificate::from_pem(&pem).map_err(BuildError)?);
        }
        let client = client.build().map_err(BuildError)?;
        Ok(ReqwestTransport {
            client,
            largest_response: self.largest_response,
        })
    }
}

/// The transport cannot be built from this configuration.
#[derive(Debug)]
pub struct BuildError(reqwest::Error);

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the HTTP client cannot be set up: check TLS roots, proxy URL and user agent")
    }
}

impl Error for BuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

#[async_trait]
impl Transport for ReqwestTransport {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let request = reqwest::Request::try_from(request).map_err(never_sent)?;
        let response = self.client.execute(request).await.map_err(classify)?;
        read(response, self.largest_response).await
    }
}

/// Only what fails before a connection stands is certain not to have arrived.
fn classify(error: reqwest::Error) -> TransportError {
    if error.is_connect() || error.is_builder() {
        never_sent(error)
    } else {
        maybe_sent(error)
    }
}

/// A URL can carry secrets in its query, so it is taken out of the error.
fn never_sent(error: reqwest::Error) -> TransportError {
    TransportError::never_sent(error.without_url())
}

fn maybe_sent(error: reqwest::Error) -> TransportError {
    TransportError::may_have_been_sent(error.without_url())
}

async fn read(
    mut response: reqwest::Response,
    largest: usize,
) -> Result<http::Response<Bytes>, TransportError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(maybe_sent)? {
        if body.len() + chunk.len() > largest {
            return Err(TransportError::too_large(largest));
        }
        body.extend_from_slice(&chunk);
    }
    let mut whole = http::Response::new(body.freeze());
    *whole.status_mut() = response.status();
    *whole.version_mut() = response.version();
    *whole.headers_mut() = std::mem::take(response.headers_mut());
    whole.headers_mut().remove(CONTENT_LENGTH);
    Ok(whole)
}
