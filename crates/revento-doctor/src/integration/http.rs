//! Requests to the integration: one connection each, with exactly the headers and the framing that a check wants.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use url::Url;

use super::tls;
use crate::exchange::{Direction, Exchange};
use crate::primitives::now;

/// Longer than the ten seconds within which a webhook has to be answered.
pub(crate) const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
/// How much of an answer is read.
const MAX_ANSWER: usize = 8 << 20;

/// How a body is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Framing {
    #[default]
    ContentLength,
    Chunked,
    /// `Expect: 100-continue`: the body follows a moment later.
    ExpectContinue,
}

/// A request to the integration.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) url: Url,
    /// In this order. A name can occur more than once.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) framing: Framing,
    /// Writes header names as `X-Revento-Event` instead of `x-revento-event`.
    pub(crate) title_case: bool,
}

impl Outgoing {
    pub(crate) fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: Vec::new(),
            body: Vec::new(),
            framing: Framing::default(),
            title_case: false,
        }
    }

    pub(crate) fn get(url: Url) -> Self {
        Self::new(Method::GET, url)
    }

    pub(crate) fn post(url: Url, headers: &[(String, String)], body: Vec<u8>) -> Self {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), value.clone().into_bytes()));
        Self {
            headers: headers.collect(),
            body,
            ..Self::new(Method::POST, url)
        }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// Sends a request. A failure is an exchange without status.
pub(crate) async fn send(outgoing: Outgoing) -> Exchange {
    let began = now();
    let mut exchange = Exchange {
        direction: Direction::ToIntegration,
        method: outgoing.method.to_string(),
        url: outgoing.url.to_string(),
        request_headers: outgoing
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), String::from_utf8_lossy(value).into_owned()))
            .collect(),
        request_body: outgoing.body.clone(),
        status: None,
        response_headers: Vec::new(),
        response_body: Vec::new(),
        omitted: crate::exchange::Omitted::default(),
        error: None,
        duration: Duration::ZERO,
    };
    match tokio::time::timeout(ANSWER_TIMEOUT, attempt(outgoing)).await {
        Ok(Ok((status, headers, body))) => {
            exchange.status = Some(status);
            exchange.response_headers = header_list(&headers);
            exchange.response_body = body.to_vec();
        }
        Ok(Err(error)) => exchange.error = Some(error),
        Err(_) => exchange.error = Some(format!("no answer within {} s", ANSWER_TIMEOUT.as_secs())),
    }
    exchange.duration = began.elapsed();
    exchange
}

async fn attempt(outgoing: Outgoing) -> Result<(u16, HeaderMap, Bytes), String> {
    let host = outgoing.url.host_str().ok_or("the URL has no host")?;
    let port = outgoing
        .url
        .port_or_known_default()
        .ok_or("the URL has no port")?;
    let secure = match outgoing.url.scheme() {
        "http" => false,
        "https" => true,
        other => return Err(format!("the scheme {other} is not supported, use http or https")),
    };
    let stream = TcpStream::connect((host.trim_matches(['[', ']']), port))
        .await
        .map_err(|error| format!("no connection to {host}:{port}: {error}"))?;
    let _ = stream.set_nodelay(true);
    if secure {
        exchange_over(tls::connect(host, stream).await?, &outgoing).await
    } else {
        exchange_over(stream, &outgoing).await
    }
}

async fn exchange_over(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    outgoing: &Outgoing,
) -> Result<(u16, HeaderMap, Bytes), String> {
    let handshake = hyper::client::conn::http1::Builder::new()
        .title_case_headers(outgoing.title_case)
        .handshake(TokioIo::new(stream))
        .await;
    let (mut sender, connection) = handshake.map_err(|error| chain(&error))?;
    let driver = tokio::spawn(connection);
    let request = request(outgoing)?;
    let answered = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| chain(&error))?;
        let (parts, body) = response.into_parts();
        let body = http_body_util::Limited::new(body, MAX_ANSWER).collect().await;
        let body = body
            .map_err(|error| format!("the answer broke off: {error}"))?
            .to_bytes();
        Ok((parts.status.as_u16(), parts.headers, body))
    };
    let answered = answered.await;
    driver.abort();
    answered
}

fn request(outgoing: &Outgoing) -> Result<Request<UnsyncBoxBody<Bytes, Infallible>>, String> {
    let url = &outgoing.url;
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let bytes = Bytes::from(outgoing.body.clone());
    let body = match outgoing.framing {
        Framing::ContentLength => Full::new(bytes).boxed_unsync(),
        Framing::Chunked => chunks(bytes, Duration::ZERO),
        Framing::ExpectContinue => chunks(bytes, Duration::from_millis(150)),
    };
    let mut request = Request::new(body);
    *request.method_mut() = outgoing.method.clone();
    *request.uri_mut() = target.parse().map_err(|error| format!("{target}: {error}"))?;
    let authority = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    let headers = request.headers_mut();
    let own_host = outgoing
        .headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("host"));
    if !own_host {
        headers.insert(
            "host",
            HeaderValue::from_str(&authority).map_err(|error| error.to_string())?,
        );
    }
    if outgoing.framing == Framing::ExpectContinue {
        headers.insert("expect", HeaderValue::from_static("100-continue"));
        headers.insert("content-length", HeaderValue::from(outgoing.body.len()));
    }
    for (name, value) in &outgoing.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| format!("{name}: {error}"))?;
        let value = HeaderValue::from_bytes(value).map_err(|error| format!("{name}: {error}"))?;
        headers.append(name, value);
    }
    Ok(request)
}

/// A body in pieces, the first of them after a pause.
fn chunks(bytes: Bytes, pause: Duration) -> UnsyncBoxBody<Bytes, Infallible> {
    let middle = bytes.len() / 2;
    let pieces = [bytes.slice(..middle), bytes.slice(middle..)];
    let frames = stream::unfold((pieces.into_iter(), pause), |(mut pieces, pause)| async move {
        let piece = pieces.next()?;
        tokio::time::sleep(pause).await;
        Some((Ok(Frame::data(piece)), (pieces, Duration::ZERO)))
    });
    StreamBody::new(frames).boxed_unsync()
}

pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Headers as text.
pub(crate) fn header_list(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect()
}
