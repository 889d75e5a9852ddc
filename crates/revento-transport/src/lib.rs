//! The transport joint of the Revento SDK: one request to one response.
//!
//! A [`Transport`] sends what it is given, once, and gives back whatever the peer answered. It does
//! not retry, does not follow redirects, adds no cookies and no credentials. What matters most is
//! how it fails: [`TransportError::may_have_arrived`] decides whether a refresh token may be sent
//! again (invariant T1), so when in doubt the answer is *yes, it may have arrived*.
//!
//! # Which one to take
//! `revento-transport-reqwest` where reqwest is in the tree already, `revento-transport-hyper` for a
//! smaller one or a Unix socket. A client that is wired up elsewhere, with layers of its own, comes in
//! through [`TowerTransport`]. For tests there are the doubles in [`testing`].
//!
//! # Writing one
//! Implement [`Transport`], and let it pass the suite over real sockets:
//!
//! ```ignore
//! revento_transport::transport_suite!(|setup| MyTransport::new(setup.timeout, setup.largest_response));
//! ```
//!
//! # Features
//! - `tower`: [`TowerTransport`] and [`TransportService`]
//! - `recording`: [`testing::Recorder`] and [`testing::Replay`]
//! - `suite`: [`transport_suite!`]

#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
#[cfg(feature = "suite")]
pub mod suite;
pub mod testing;
#[cfg(feature = "tower")]
mod tower;

pub use error::TransportError;
#[cfg(feature = "tower")]
pub use tower::{TowerTransport, TransportService};

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;

/// Sends one request and gives back one response. Bodies are whole.
#[async_trait]
pub trait Transport: Send + Sync + fmt::Debug {
    /// Sends the request, whose URI is absolute, and reads the whole response.
    ///
    /// An implementation bounds the time and the size of the response by itself. A caller that drops
    /// the future knows nothing: the request may have arrived.
    ///
    /// # Errors
    /// When no whole response came. A response of any status is not an error.
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
