//! What every adapter has in common.

use std::{future::Future, sync::Arc, task::Poll, time::Duration};

use bytes::{Buf, Bytes};
use futures_core::Stream;
use futures_util::StreamExt;
use http::{Request, header::CONTENT_LENGTH, request::Parts};
use http_body::Body;
use http_body_util::BodyDataStream;
use revento_store::{Clock, SystemClock};
use revento_webhooks::{Headers, Incoming, Verifier, VerifyError};

use crate::{Delivery, Rejection};

/// Lets genuine deliveries through. Clones are handles to one gate.
#[derive(Debug, Clone)]
pub struct Gate(Arc<Settings>);

#[derive(Debug, Clone)]
struct Settings {
    verifier: Verifier,
    clock: Arc<dyn Clock>,
    largest_body: usize,
    body_within: Duration,
}

impl Gate {
    /// A gate with the defaults: bodies of up to 1 MiB that arrive within 7 s, so that 3 s of the
    /// platform's 10 s (contract §4.1) remain for storing them.
    pub fn new(verifier: Verifier) -> Self {
        Self(Arc::new(Settings {
            verifier,
            clock: Arc::new(SystemClock),
            largest_body: 1 << 20,
            body_within: Duration::from_secs(7),
        }))
    }

    /// The most bytes that a body may have.
    #[must_use]
    pub fn largest_body(mut self, bytes: usize) -> Self {
        Arc::make_mut(&mut self.0).largest_body = bytes;
        self
    }

    /// How long a body may take to arrive.
    #[must_use]
    pub fn body_within(mut self, duration: Duration) -> Self {
        Arc::make_mut(&mut self.0).body_within = duration;
        self
    }

    /// Replaces the operating system's clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        Arc::make_mut(&mut self.0).clock = clock;
        self
    }

    /// Reads a request to its end and verifies it.
    ///
    /// # Errors
    /// When it is not genuine, too large or too slow. Log it with [`Rejection::log`].
    pub async fn admit<B>(&self, request: Request<B>) -> Result<(Parts, Delivery), Rejection>
    where
        B: Body,
    {
        let (parts, body) = request.into_parts();
        let announced = parts
            .headers
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let incoming = self.open(parts.method.as_str(), &parts.headers, announced)?;
        let body = std::pin::pin!(BodyDataStream::new(body));
        let delivery = self.collect(incoming, body).await?;
        Ok((parts, delivery))
    }

    /// The first half of [`admit`](Self::admit), for frameworks with types of their own: what can be
    /// settled before the body is read.
    ///
    /// # Errors
    /// When the method, the headers or the announced length are refused.
    pub fn open<'h, N, V>(
        &self,
        method: &str,
        headers: impl IntoIterator<Item = (N, &'h V)>,
        announced: Option<u64>,
    ) -> Result<Incoming, Rejection>
    where
        N: AsRef<str>,
        V: AsRef<[u8]> + ?Sized + 'h,
    {
        if method != "POST" {
            return Err(Rejection::Method);
        }
        let Settings {
            verifier,
            clock,
            largest_body,
            ..
        } = &*self.0;
        let headers = Headers::collect(headers).map_err(VerifyError::from)?;
        let incoming = verifier.receive(&headers, *largest_body, clock.now().unix_seconds())?;
        Ok(match announced {
            Some(bytes) => incoming.announced(bytes)?,
            None => incoming,
        })
    }

    /// The second half: takes the body as it comes. Needs tokio's timer.
    ///
    /// # Errors
    /// When the body is too large, too slow, broken off or taken by somebody in front, or the signature does
    /// not hold.
    pub async fn collect<S, D, E>(&self, incoming: Incoming, body: S) -> Result<Delivery, Rejection>
    where
        S: Stream<Item = Result<D, E>> + Unpin,
        D: Buf,
    {
        let mut drained = std::pin::pin!(drain(incoming, body));
        // Most bodies are here already, and then no timer is needed.
        let at_once = std::future::poll_fn(|context| Poll::Ready(drained.as_mut().poll(context)));
        if let Poll::Ready(delivery) = at_once.await {
            return delivery;
        }
        tokio::time::timeout(self.0.body_within, drained)
            .await
            .map_err(|_| Rejection::TooSlow)?
    }
}

async fn drain<S, D, E>(mut incoming: Incoming, mut body: S) -> Result<Delivery, Rejection>
where
    S: Stream<Item = Result<D, E>> + Unpin,
    D: Buf,
{
    while let Some(data) = body.next().await {
        let mut data = data.map_err(|_| Rejection::BrokenOff)?;
        while data.has_remaining() {
            let chunk = data.chunk();
            let length = chunk.len();
            incoming = incoming.push(chunk)?;
            data.advance(length);
        }
    }
    if incoming.is_missing() {
        return Err(Rejection::BodyTaken);
    }
    Ok(Delivery::new(incoming.finish()?))
}

/// A verified body as a framework's own extractors want it.
pub(crate) fn put_back(delivery: &Delivery) -> http_body_util::Full<Bytes> {
    http_body_util::Full::new(delivery.bytes())
}
