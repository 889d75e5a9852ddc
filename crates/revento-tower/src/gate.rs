//! What every adapter has in common.

use std::{future::Future, sync::Arc, task::Poll, time::Duration};

use bytes::{Buf, Bytes};
use futures_core::Stream;
use futures_util::StreamExt;
use http::{Request, header::CONTENT_LENGTH, request::Parts};
use http_body::Body;
use http_body_util::BodyDataStream;
use revento_store::{Clock, SystemClock};
use revento_webhooks::{Claimed, Headers, TooLarge, Verifier, VerifyError};

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
        let (head, body) = request.into_parts();
        let delivery = self.admit_body(&head, body).await?;
        Ok((head, delivery))
    }

    /// The same for a request whose head was taken off.
    ///
    /// # Errors
    /// See [`admit`](Self::admit).
    pub async fn admit_body<B>(&self, head: &Parts, body: B) -> Result<Delivery, Rejection>
    where
        B: Body,
    {
        let announced = head
            .headers
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let opened = self.open(head.method.as_str(), &head.headers, announced)?;
        self.collect(opened, std::pin::pin!(BodyDataStream::new(body)))
            .await
    }

    /// The first half of [`admit`](Self::admit), for frameworks with types of their own: what can be
    /// settled before the body is read.
    ///
    /// # Errors
    /// When the method, the headers or the announced length are refused.
    pub fn open<'a, N, V>(
        &'a self,
        method: &str,
        headers: impl IntoIterator<Item = (N, &'a V)>,
        announced: Option<u64>,
    ) -> Result<Opened<'a>, Rejection>
    where
        N: AsRef<str>,
        V: AsRef<[u8]> + ?Sized + 'a,
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
        let claimed = verifier.claim(&headers, clock.now().unix_seconds())?;
        let announced = announced.unwrap_or_default();
        TooLarge::check(announced, *largest_body)?;
        Ok(Opened { claimed, announced })
    }

    /// The second half: takes the body as it comes. Needs tokio's timer.
    ///
    /// # Errors
    /// When the body is too large, too slow, broken off or taken by somebody in front, or the signature does
    /// not hold.
    pub async fn collect<S, D, E>(&self, opened: Opened<'_>, body: S) -> Result<Delivery, Rejection>
    where
        S: Stream<Item = Result<D, E>> + Unpin,
        D: Buf,
    {
        let mut drained = std::pin::pin!(self.drain(opened, body));
        // Most bodies are here already, and then no timer is needed.
        let at_once = std::future::poll_fn(|context| Poll::Ready(drained.as_mut().poll(context)));
        if let Poll::Ready(delivery) = at_once.await {
            return delivery;
        }
        // Boxed, so that the requests which need none do not carry the room for one.
        Box::pin(tokio::time::timeout(self.0.body_within, drained))
            .await
            .map_err(|_| Rejection::TooSlow)?
    }

    async fn drain<S, D, E>(&self, opened: Opened<'_>, mut body: S) -> Result<Delivery, Rejection>
    where
        S: Stream<Item = Result<D, E>> + Unpin,
        D: Buf,
    {
        let Opened { claimed, announced } = opened;
        let limit = self.0.largest_body;
        let first = next(&mut body).await?;
        if first.is_none() && announced > 0 {
            return Err(Rejection::BodyTaken);
        }
        let first = first.unwrap_or_default();
        TooLarge::check(first.len() as u64, limit)?;
        // Most bodies come in one piece, which is kept as it is.
        let Some(second) = next(&mut body).await? else {
            return Ok(Delivery::new(claimed.verify_bytes(first)?));
        };
        let mut incoming = claimed.receive(limit).announced(announced)?;
        incoming = incoming.push(&first)?.push(&second)?;
        while let Some(piece) = next(&mut body).await? {
            incoming = incoming.push(&piece)?;
        }
        Ok(Delivery::new(incoming.finish()?))
    }
}

/// A delivery whose headers are in order and whose body has yet to be read. From [`Gate::open`].
#[derive(Debug, Clone, Copy)]
pub struct Opened<'a> {
    claimed: Claimed<'a, 'a>,
    announced: u64,
}

/// The next piece of a body, without a copy where it is in one piece already.
async fn next<S, D, E>(body: &mut S) -> Result<Option<Bytes>, Rejection>
where
    S: Stream<Item = Result<D, E>> + Unpin,
    D: Buf,
{
    match body.next().await {
        Some(Ok(mut piece)) => Ok(Some(piece.copy_to_bytes(piece.remaining()))),
        Some(Err(_)) => Err(Rejection::BrokenOff),
        None => Ok(None),
    }
}

/// A verified body as a framework's own extractors want it.
pub(crate) fn put_back(delivery: &Delivery) -> http_body_util::Full<Bytes> {
    http_body_util::Full::new(delivery.bytes())
}
