//! Verification of HTTP requests, shared by all adapters.

use std::{future::Future, sync::Arc, task::Poll, time::Duration};

use bytes::{Buf, Bytes};
use futures_core::Stream;
use futures_util::StreamExt;
use http::{Request, header::CONTENT_LENGTH, request::Parts};
use http_body::Body;
use http_body_util::BodyDataStream;
use revento_store::{Clock, SystemClock};
use revento_webhooks::{BodyTooLarge, CheckedHeaders, Headers, VerifiedDelivery, Verifier, VerifyError};

use crate::rejection::Rejection;

/// Verifies webhook requests: the method, the headers, the size and the signature of the body. Clones share it.
#[derive(Debug, Clone)]
pub struct RequestVerifier(Arc<Settings>);

#[derive(Debug, Clone)]
struct Settings {
    verifier: Verifier,
    clock: Arc<dyn Clock>,
    max_body_bytes: usize,
    body_timeout: Duration,
}

impl From<Verifier> for RequestVerifier {
    fn from(verifier: Verifier) -> Self {
        Self::new(verifier)
    }
}

impl RequestVerifier {
    /// Accepts bodies of up to 1 MiB that arrive within 7 s. Of the platform's 10 s (contract §4.1), 3 s remain for
    /// storing a delivery.
    pub fn new(verifier: Verifier) -> Self {
        Self(Arc::new(Settings {
            verifier,
            clock: Arc::new(SystemClock),
            max_body_bytes: 1 << 20,
            body_timeout: Duration::from_secs(7),
        }))
    }

    /// Sets the greatest length of a body in bytes.
    #[must_use]
    pub fn max_body_bytes(mut self, bytes: usize) -> Self {
        Arc::make_mut(&mut self.0).max_body_bytes = bytes;
        self
    }

    /// Sets how long a body may take to arrive.
    #[must_use]
    pub fn body_timeout(mut self, timeout: Duration) -> Self {
        Arc::make_mut(&mut self.0).body_timeout = timeout;
        self
    }

    /// Replaces the clock of the operating system.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        Arc::make_mut(&mut self.0).clock = Arc::new(clock);
        self
    }

    /// Reads the body of a request to its end and verifies it.
    ///
    /// # Errors
    /// When the request is not genuine, too large or too slow. Log it with [`Rejection::log`].
    pub async fn verify<B: Body>(&self, head: &Parts, body: B) -> Result<VerifiedDelivery, Rejection> {
        let announced = head
            .headers
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let checked = self.check_head(head.method.as_str(), &head.headers, announced)?;
        self.verify_body(checked, std::pin::pin!(BodyDataStream::new(body)))
            .await
    }

    /// The first half of [`verify`](Self::verify), for frameworks with types of their own: checks what the method, the
    /// headers and the announced length of the body decide.
    ///
    /// # Errors
    /// When the method, the headers or the announced length are refused.
    pub fn check_head<'a, N, V>(
        &'a self,
        method: &str,
        headers: impl IntoIterator<Item = (N, &'a V)>,
        content_length: Option<u64>,
    ) -> Result<CheckedHead<'a>, Rejection>
    where
        N: AsRef<str>,
        V: AsRef<[u8]> + ?Sized + 'a,
    {
        if method != "POST" {
            return Err(Rejection::MethodNotAllowed);
        }
        let Settings {
            verifier,
            clock,
            max_body_bytes,
            ..
        } = &*self.0;
        let headers = Headers::collect(headers).map_err(VerifyError::from)?;
        let headers = verifier.check_headers(&headers, clock.now().unix_seconds())?;
        let content_length = content_length.unwrap_or_default();
        BodyTooLarge::check(content_length, *max_body_bytes)?;
        Ok(CheckedHead {
            headers,
            content_length,
        })
    }

    /// The second half of [`verify`](Self::verify): verifies the body while it arrives. Needs tokio's timer.
    ///
    /// # Errors
    /// When the body is too large, too slow, incomplete or already read, or when the signature does not hold.
    pub async fn verify_body<S, D, E>(
        &self,
        head: CheckedHead<'_>,
        body: S,
    ) -> Result<VerifiedDelivery, Rejection>
    where
        S: Stream<Item = Result<D, E>> + Unpin,
        D: Buf,
    {
        let mut verified = std::pin::pin!(self.read_and_verify(head, body));
        // Most bodies are there already, so that no timer is needed.
        let at_once = std::future::poll_fn(|context| Poll::Ready(verified.as_mut().poll(context)));
        if let Poll::Ready(delivery) = at_once.await {
            return delivery;
        }
        // The box keeps the timer's size out of the future of requests that need no timer.
        Box::pin(tokio::time::timeout(self.0.body_timeout, verified))
            .await
            .map_err(|_| Rejection::BodyTimeout)?
    }

    /// Verifies a whole request, and keeps its head.
    pub(crate) async fn verify_request<B: Body>(
        &self,
        request: Request<B>,
    ) -> Result<(Parts, VerifiedDelivery), Rejection> {
        let (head, body) = request.into_parts();
        let delivery = self.verify(&head, body).await?;
        Ok((head, delivery))
    }

    async fn read_and_verify<S, D, E>(
        &self,
        head: CheckedHead<'_>,
        mut body: S,
    ) -> Result<VerifiedDelivery, Rejection>
    where
        S: Stream<Item = Result<D, E>> + Unpin,
        D: Buf,
    {
        let CheckedHead {
            headers,
            content_length,
        } = head;
        let limit = self.0.max_body_bytes;
        let first = next_piece(&mut body).await?;
        if first.is_none() && content_length > 0 {
            return Err(Rejection::BodyAlreadyRead);
        }
        let first = first.unwrap_or_default();
        BodyTooLarge::check(first.len() as u64, limit)?;
        // Most bodies arrive in one piece, which is kept without a copy.
        let Some(second) = next_piece(&mut body).await? else {
            return Ok(headers.verify_bytes(first)?);
        };
        let mut verifier = headers.verify_stream(limit).content_length(content_length)?;
        verifier = verifier.push(&first)?.push(&second)?;
        while let Some(piece) = next_piece(&mut body).await? {
            verifier = verifier.push(&piece)?;
        }
        Ok(verifier.finish()?)
    }
}

/// The checked head of a request whose body is not read yet. From [`RequestVerifier::check_head`].
#[derive(Debug, Clone, Copy)]
pub struct CheckedHead<'a> {
    headers: CheckedHeaders<'a, 'a>,
    content_length: u64,
}

/// Reads the next piece of a body, without a copy if the piece is contiguous.
async fn next_piece<S, D, E>(body: &mut S) -> Result<Option<Bytes>, Rejection>
where
    S: Stream<Item = Result<D, E>> + Unpin,
    D: Buf,
{
    match body.next().await {
        Some(Ok(mut piece)) => Ok(Some(piece.copy_to_bytes(piece.remaining()))),
        Some(Err(_)) => Err(Rejection::BodyIncomplete),
        None => Ok(None),
    }
}
