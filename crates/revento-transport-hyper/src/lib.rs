//! The Revento SDK's transport on hyper: HTTP/1 and HTTP/2 over rustls, pooled connections.
//!
//! Some fifty crates fewer than with reqwest, and it reaches through a Unix socket where a sidecar does the TLS.
//! Redirects are not followed (a credential would travel along), nothing is repeated (a refresh token
//! would be sent twice), no proxy is taken from the environment, and a response has a time and a size
//! that it may not exceed.
//!
//! HTTP/2 is spoken where the peer offers it in the TLS handshake (ALPN). Without TLS it is HTTP/1 always: prior
//! knowledge is not supported.
//!
//! ```
//! use std::time::Duration;
//! use revento_transport_hyper::HyperTransport;
//!
//! let transport = HyperTransport::builder().timeout(Duration::from_secs(10)).build()?;
//! # Ok::<(), revento_transport_hyper::BuildError>(())
//! ```
//!
//! # What it says about a request without an answer
//! *Never sent* is certain: no connection was at hand when it failed – no name, a closed port, a
//! handshake or a tunnel that did not come to be, or the time ran out before. As soon as a connection
//! has taken the request, it may have arrived.
//!
//! # Troubleshooting
//! - *invalid peer certificate: UnknownIssuer*: the peer's certificate comes from an authority that this
//!   machine does not know, such as a company's own: give its root to
//!   [`Builder::root_certificate_pem`].
//! - *it took longer than … to connect*: raise [`Builder::connect_timeout`], or look at the name server
//!   and the proxy.

mod builder;
mod connect;
mod proxy;
mod send;
mod stream;

pub use builder::{BuildError, Builder};

use std::{fmt, time::Duration};

use bytes::Bytes;
use http::HeaderValue;
use http_body_util::Full;
use hyper_util::client::legacy::Client;

use connect::Connect;

/// A [`Transport`](revento_transport::Transport) on a pooled hyper client. Clones share the pool.
///
/// It runs on tokio: connections are driven by tasks of the runtime that a request is sent on.
#[derive(Clone)]
pub struct HyperTransport {
    client: Client<Connect, Full<Bytes>>,
    timeout: Duration,
    largest_response: usize,
    user_agent: HeaderValue,
    /// For requests that a proxy forwards; tunnels have their own.
    proxy_authorization: Option<HeaderValue>,
}

impl HyperTransport {
    /// The defaults: 20 s for a whole exchange, 5 s for a connection, 16 MiB for a response.
    ///
    /// # Errors
    /// When TLS cannot be set up on this machine.
    pub fn new() -> Result<Self, BuildError> {
        Self::builder().build()
    }

    /// Starts from the defaults.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

impl fmt::Debug for HyperTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperTransport")
            .field("timeout", &self.timeout)
            .field("largest_response", &self.largest_response)
            .finish_non_exhaustive()
    }
}
