//! The HTTP transport of the Revento SDK: a trait that sends one request and returns one response.
//!
//! A [`Transport`] sends each request once and returns the peer's response, whatever its status. It does not retry,
//! follows no redirects, and adds no cookies and no credentials. Its error decides whether the SDK may send a refresh
//! token again (invariant T1): [`TransportError::may_have_taken_effect`] is `false` only when the request certainly
//! was not sent.
//!
//! ```
//! use bytes::Bytes;
//! use revento_transport::{Transport, testing::Scripted};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), revento_transport::TransportError> {
//! let transport = Scripted::new([Ok(http::Response::new(Bytes::from("hello")))]); // a test double
//! let request = http::Request::get("https://api.example/v1").body(Bytes::new()).unwrap();
//! assert_eq!(transport.send(request).await?.body(), "hello");
//! assert_eq!(transport.take_requests().len(), 1);
//! # Ok(()) }
//! ```
//!
//! # Choosing a transport
//! Use `revento-transport-reqwest` when reqwest is a dependency already, and `revento-transport-hyper` for a smaller
//! dependency tree or a Unix socket. [`TowerTransport`] wraps a client with layers of your own. The test doubles are in
//! [`testing`].
//!
//! # Writing a transport
//! Implement [`Transport`] and run the conformance suite on it. [`HttpConfig`] holds the settings that transports
//! share, and [`collect_limited`] reads a response up to a size:
//!
//! ```ignore
//! revento_transport::transport_suite!(|config| MyTransport::with_config(config).unwrap());
//! ```
//!
//! # Features
//! | feature | what it adds |
//! |---|---|
//! | `tower` | [`TowerTransport`] and [`TransportService`]: any `tower::Service` is a transport, and the other way round |
//! | `recording` | [`testing::Recorder`] and [`testing::Replay`] |
//! | `suite` | [`transport_suite!`]: the tests that each transport passes, over real sockets |
//!
//! # What it does not do
//! It sends nothing itself: choose one of the two implementations, or write one. It knows nothing about Revento but the rule of what may be sent twice.
//! No streaming: requests and responses are whole bodies in memory, within a limit.
//!
//! # Stability
//! It needs Rust 1.95 or later, and only a new minor version raises that. All crates of the SDK have one version and follow
//! [semantic versioning](https://semver.org): before 1.0, only a new minor version breaks programs. The
//! [changelog](https://github.com/revento/revento-rs/blob/main/CHANGELOG.md) says what to change.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod config;
mod error;
#[cfg(feature = "suite")]
pub mod suite;
pub mod testing;
#[cfg(feature = "tower")]
mod tower;

pub use body::collect_limited;
pub use config::{BuildError, BuildErrorReason, HttpConfig, ProxyUrl};
pub use error::TransportError;
#[cfg(feature = "tower")]
pub use tower::{TowerTransport, TransportService};

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;

/// Sends one request and returns one response. Bodies are byte buffers.
#[async_trait]
pub trait Transport: Send + Sync + fmt::Debug {
    /// Sends the request, whose URI is absolute, and reads the whole response.
    ///
    /// The implementation limits the time and the size of the response. When the caller drops the future, or it panics, the
    /// request may have taken effect; the SDK treats both like an error that says so.
    ///
    /// # Errors
    /// When no whole response came. A response is not an error, whatever its status.
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError>;
}

#[async_trait]
impl<T: Transport + ?Sized> Transport for std::sync::Arc<T> {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        (**self).send(request).await
    }
}

#[async_trait]
impl<T: Transport + ?Sized> Transport for Box<T> {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        (**self).send(request).await
    }
}
