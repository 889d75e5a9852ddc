//! A transport on an HTTP client that the program has already. The page docs/guide/your-own-transport.md explains it.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use revento_transport::{Transport, TransportError, collect_limited};

/// The largest answer that is read.
const MAX_RESPONSE_BYTES: usize = 16 * 1024 * 1024;

/// Sends through a client that somebody else has configured.
#[derive(Clone)]
pub struct ClientTransport {
    client: reqwest::Client,
    max_response_bytes: usize,
}

impl ClientTransport {
    /// Takes a client that limits the time of a request, follows no redirects and repeats nothing.
    pub fn new(client: reqwest::Client) -> Self {
        Self {
            client,
            max_response_bytes: MAX_RESPONSE_BYTES,
        }
    }

    /// Reads answers of at most so many bytes.
    #[must_use]
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }
}

#[async_trait]
impl Transport for ClientTransport {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let request = reqwest::Request::try_from(request).map_err(classify)?;
        let response = self.client.execute(request).await.map_err(classify)?;
        collect_limited(response.into(), self.max_response_bytes, classify).await
    }
}

/// Only a failure before there is a connection proves that nothing was sent. Everything else leaves a doubt.
fn classify(error: reqwest::Error) -> TransportError {
    let (never_sent, timed_out) = (error.is_connect(), error.is_timeout());
    let error = error.without_url(); // Its query can have secrets.
    let error = if never_sent {
        TransportError::never_sent(error)
    } else {
        TransportError::may_have_been_sent(error)
    };
    if timed_out { error.timed_out() } else { error }
}

/// Without the client, whose proxy may have a password.
impl fmt::Debug for ClientTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTransport").finish_non_exhaustive()
    }
}
