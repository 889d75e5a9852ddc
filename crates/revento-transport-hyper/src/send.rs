//! One request, one response, and what is known when there is none.

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{
    Uri,
    header::{CONTENT_LENGTH, PROXY_AUTHORIZATION, USER_AGENT},
    uri::Scheme,
};
use http_body::Body as _;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::{
    Error,
    connect::{CaptureConnection, capture_connection},
};
use revento_transport::{Transport, TransportError};

use crate::HyperTransport;

#[async_trait]
impl Transport for HyperTransport {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, TransportError> {
        let mut request = self.prepare(request)?;
        let connection = capture_connection(&mut request);
        match tokio::time::timeout(self.timeout, self.exchange(request)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let why = format!("it took longer than {:?}", self.timeout);
                // A request that no connection has taken is still here.
                Err(if was_taken(&connection) {
                    TransportError::may_have_been_sent(why)
                } else {
                    TransportError::never_sent(why)
                })
            }
        }
    }
}

impl HyperTransport {
    fn prepare(&self, request: http::Request<Bytes>) -> Result<http::Request<Full<Bytes>>, TransportError> {
        let mut request = request.map(Full::new);
        if !is_absolute(request.uri()) {
            let why = "the URL has no host, or another scheme than http and https";
            return Err(TransportError::never_sent(why));
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
        let response = self.client.request(request).await.map_err(judge)?;
        let (mut head, body) = response.into_parts();
        let body = read(body, self.largest_response).await?;
        head.headers.remove(CONTENT_LENGTH);
        head.extensions.clear();
        Ok(http::Response::from_parts(head, body))
    }
}

/// hyper-util repeats a request only when a connection that was used before has given it back unsent.
fn judge(error: Error) -> TransportError {
    if error.is_connect() {
        TransportError::never_sent(error)
    } else {
        TransportError::may_have_been_sent(error)
    }
}

fn was_taken(connection: &CaptureConnection) -> bool {
    connection.connection_metadata().is_some()
}

fn is_absolute(uri: &Uri) -> bool {
    matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
}

async fn read(mut body: Incoming, largest: usize) -> Result<Bytes, TransportError> {
    if body.size_hint().lower() > largest as u64 {
        return Err(TransportError::too_large(largest));
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(TransportError::may_have_been_sent)?;
        let Ok(data) = frame.into_data() else { continue };
        if whole.len() + data.len() > largest {
            return Err(TransportError::too_large(largest));
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}
