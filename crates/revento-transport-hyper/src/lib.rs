//! The Revento SDK's HTTP transport on hyper: HTTP/1 and HTTP/2 over rustls, with pooled connections.
//!
//! It brings about fifty crates fewer than the one on reqwest, and it can connect through a Unix socket.
//! The transport follows no redirects (they would carry a credential to another host), retries nothing (it would send
//! a refresh token twice), and reads no proxy from the environment. The time and the size of a response are limited.
//!
//! It speaks HTTP/2 when the peer offers it in the TLS handshake (ALPN), and HTTP/1 without TLS: HTTP/2 with prior
//! knowledge is not supported.
//!
//! ```
//! use std::time::Duration;
//! use revento_transport_hyper::{HttpConfig, HyperTransport};
//!
//! let transport = HyperTransport::with_config(HttpConfig::new().timeout(Duration::from_secs(10)))?;
//! # Ok::<(), revento_transport_hyper::BuildError>(())
//! ```
//!
//! # Requests without a response
//! The error says *never sent* only when the request had no connection at the time of the failure: the name did not
//! resolve, the port was closed, the handshake or the tunnel failed, or a timeout passed before. As soon as a
//! connection has taken the request, it may have taken effect.
//!
//! # Troubleshooting
//! - *invalid peer certificate: UnknownIssuer*: this machine does not know the authority that issued the peer's
//!   certificate, such as a company's own. Give its root to [`HttpConfig::root_certificate_pem`].
//! - *no connection within …*: raise [`HttpConfig::connect_timeout`], or check the name server and the proxy.
//!
//! # Features
//! It has no Cargo features.
//!
//! # What it does not do
//! No redirects, no retries, no cookies, no proxy from the environment, no HTTP/3 and no HTTP/2 without TLS. It needs tokio.
//!
//! # Stability
//! It needs Rust 1.95 or later, and only a new minor version raises that. All crates of the SDK have one version and follow
//! [semantic versioning](https://semver.org): before 1.0, only a new minor version breaks programs. The
//! [changelog](https://github.com/revento/revento-rs/blob/main/CHANGELOG.md) says what to change.

mod build;
mod connect;
mod proxy;
mod send;
mod stream;

pub use revento_transport::{BuildError, HttpConfig};

use std::{fmt, time::Duration};

use bytes::Bytes;
use http::HeaderValue;
use http_body_util::Full;
use hyper_util::client::legacy::Client;

use connect::Connect;

/// A [`Transport`](revento_transport::Transport) on a pooled hyper client. Clones share the pool.
///
/// It needs tokio: each connection is a task on the runtime that sends the request.
#[derive(Clone)]
pub struct HyperTransport {
    client: Client<Connect, Full<Bytes>>,
    timeout: Duration,
    max_response_bytes: usize,
    user_agent: HeaderValue,
    /// For requests that a proxy forwards. A tunnel sends its own.
    proxy_authorization: Option<HeaderValue>,
}

impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTransport")
            .field("timeout", &self.timeout)
            .field("max_response_bytes", &self.max_response_bytes)
            .finish_non_exhaustive()
    }
}
