//! Sending a request, and classifying its failure.

use async_trait::async_trait;
use bytes::Bytes;
use http::{
    Uri,
    header::{PROXY_AUTHORIZATION, USER_AGENT},
    uri::Scheme,
};
use http_body_util::Full;
use hyper_util::client::legacy::{
    Error,
    connect::{CaptureConnection, capture_connection},
};
use revento_transport::{Transport, TransportError, collect_limited};

use crate::{HyperTransport, connect::ConnectTimeout};

#[async_trait]
impl Transport for HyperTransport {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let mut request = self.prepare(request)?;
        let connection = capture_connection(&mut request);
        match tokio::time::timeout(self.timeout, self.exchange(request)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let cause = format!("no whole response within {:?}", self.timeout);
                // A request without a connection has not left.
                let error = if has_connection(&connection) {
                    TransportError::may_have_been_sent(cause)
                } else {
                    TransportError::never_sent(cause)
                };
                Err(error.timed_out())
            }
        }
    }
}

impl HyperTransport {
    fn prepare(&self, request: http::Request<Bytes>) -> Result<http::Request<Full<Bytes>>, TransportError> {
        let mut request = request.map(Full::new);
        if !is_absolute(request.uri()) {
            let cause = "the URL has no host, or its scheme is not http or https";
            return Err(TransportError::invalid_request(cause));
        }
        let forwarded = request.uri().scheme() == Some(&Scheme::HTTP);
        let headers = request.headers_mut();
        headers
            .entry(USER_AGENT)
            .or_insert_with(|| self.user_agent.clone());
        if let Some(authorization) = self.proxy_authorization.as_ref().filter(|_| forwarded) {
            headers.insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        Ok(request)
    }

    async fn exchange(
        &self,
        request: http::Request<Full<Bytes>>,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let response = self.client.request(request).await.map_err(classify)?;
        collect_limited(
            response,
            self.max_response_bytes,
            TransportError::may_have_been_sent,
        )
        .await
    }
}

/// hyper-util repeats a request only when a pooled connection returned it unsent.
fn classify(error: Error) -> TransportError {
    if error.is_connect() {
        let timed_out = is_connect_timeout(&error);
        let error = TransportError::never_sent(error);
        if timed_out { error.timed_out() } else { error }
    } else {
        TransportError::may_have_been_sent(error)
    }
}

fn is_connect_timeout(error: &Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if error.is::<ConnectTimeout>() {
            return true;
        }
        cause = error.source();
    }
    false
}

fn has_connection(connection: &CaptureConnection) -> bool {
    connection.connection_metadata().is_some()
}

fn is_absolute(uri: &Uri) -> bool {
    matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
}
