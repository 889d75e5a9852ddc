//! Verification of HTTP requests, shared by all adapters.

use std::{future::Future, sync::Arc, task::Poll, time::Duration};

use bytes::{Buf, Bytes};
use futures_core::Stream;
use futures_util::StreamExt;
use http::{
    HeaderValue, Method, Request,
    header::{CONTENT_ENCODING, CONTENT_LENGTH},
    request::Parts,
};
use http_body::Body;
use http_body_util::BodyDataStream;
use revento_store::{Clock, SystemClock};
use revento_webhooks::{BodyTooLarge, CheckedHeaders, Headers, VerifiedDelivery, Verifier, VerifyError};

use crate::{
    BoxError,
    handler::FromDelivery,
    rejection::Rejection,
    unverified_bytes::{HeldBytes, UnverifiedBytes},
};

/// The part of an announced body for which a streaming verifier reserves memory before its bytes arrive.
const RESERVED_AT_ONCE: usize = 64 * 1024;

/// Verifies webhook requests: the method, the headers, the size and the signature of the body. Clones share it.
#[derive(Debug, Clone)]
pub struct RequestVerifier(Arc<Settings>);

#[derive(Debug, Clone)]
struct Settings {
    verifier: Verifier,
    clock: Arc<dyn Clock>,
    max_body_bytes: usize,
    body_timeout: Duration,
    unverified: UnverifiedBytes,
}

impl From<Verifier> for RequestVerifier {
    fn from(verifier: Verifier) -> Self {
        Self::new(verifier)
    }
}

impl RequestVerifier {
    /// Accepts bodies of up to 1 MiB that arrive within 7 s, and reads at most 64 MiB of all of them at once. Of the
    /// platform's 10 s (contract §4.1), 3 s remain for storing a delivery.
    pub fn new(verifier: Verifier) -> Self {
        Self(Arc::new(Settings {
            verifier,
            clock: Arc::new(SystemClock),
            max_body_bytes: 1 << 20,
            body_timeout: Duration::from_secs(7),
            unverified: UnverifiedBytes::with_limit(64 << 20),
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

    /// Sets how many bytes all bodies may have together that are arriving, over all clones of this verifier. Beyond that,
    /// a request gets 503 with `Retry-After`.
    ///
    /// Anybody can send a body that never ends, since its signature is checked at its end. A body that has arrived in one
    /// piece when the request is handled is verified at once and does not count: so is nearly every delivery of the
    /// platform. The buffers of the server are not counted. Limit its connections, too.
    #[must_use]
    pub fn max_unverified_bytes(mut self, bytes: usize) -> Self {
        Arc::make_mut(&mut self.0).unverified = UnverifiedBytes::with_limit(bytes);
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
    /// When the request is not verified, too large or too slow. Log it with [`Rejection::log`].
    pub async fn verify<B>(&self, head: &Parts, body: B) -> Result<VerifiedDelivery, Rejection>
    where
        B: Body<Error: Into<BoxError>>,
    {
        let announced = head
            .headers
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let checked = self.check_head(head.method.as_str(), &head.headers, announced)?;
        let body = std::pin::pin!(BodyDataStream::new(body));
        let body = body.map(|piece| piece.map_err(|error| Rejection::of_body_error(&*error.into())));
        self.verify_body(checked, body)
            .await
            .map_err(|rejection| rejection.with_content_encoding(content_encoding(head)))
    }

    /// Verifies a request and reads it as one kind of webhook.
    ///
    /// # Errors
    /// Those of [`verify`](Self::verify), and when the delivery is not what `T` takes.
    pub async fn extract<T, B>(&self, head: &Parts, body: B) -> Result<T, Rejection>
    where
        T: FromDelivery,
        B: Body<Error: Into<BoxError>>,
    {
        let delivery = self.verify(head, body).await?;
        T::from_delivery(delivery)
            .map_err(|rejection| rejection.with_content_encoding(content_encoding(head)))
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
            let method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
            return Err(Rejection::MethodNotAllowed { method });
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
    /// The adapter turns an error of the body into a rejection: [`Rejection::of_body_error`] does.
    ///
    /// # Errors
    /// When the body is too large, too slow, incomplete or already read, when too much is arriving at once, or when the
    /// signature does not match.
    pub async fn verify_body<S, D>(
        &self,
        head: CheckedHead<'_>,
        body: S,
    ) -> Result<VerifiedDelivery, Rejection>
    where
        S: Stream<Item = Result<D, Rejection>> + Unpin,
        D: Buf,
    {
        let mut verified = std::pin::pin!(self.read_and_verify(head, body));
        // Most bodies are there already, so that no timer is needed.
        if let Some(delivery) = at_once(verified.as_mut()).await {
            return delivery;
        }
        // The box keeps the timer's size out of the future of requests that need no timer.
        Box::pin(tokio::time::timeout(self.0.body_timeout, verified))
            .await
            .map_err(|_| Rejection::BodyTimeout)?
    }

    /// Verifies a whole request, and keeps its head.
    pub(crate) async fn verify_request<B>(
        &self,
        request: Request<B>,
    ) -> Result<(Parts, VerifiedDelivery), Rejection>
    where
        B: Body<Error: Into<BoxError>>,
    {
        let (head, body) = request.into_parts();
        let delivery = self.verify(&head, body).await?;
        Ok((head, delivery))
    }

    async fn read_and_verify<S, D>(
        &self,
        head: CheckedHead<'_>,
        mut body: S,
    ) -> Result<VerifiedDelivery, Rejection>
    where
        S: Stream<Item = Result<D, Rejection>> + Unpin,
        D: Buf,
    {
        let CheckedHead {
            headers,
            content_length,
        } = head;
        let limit = self.0.max_body_bytes;
        let mut held = self.0.unverified.hold();
        let first = next_piece(&mut body).await?;
        if first.is_none() && content_length > 0 {
            return Err(Rejection::BodyAlreadyRead);
        }
        let first = first.unwrap_or_default();
        BodyTooLarge::check(first.len() as u64, limit)?;
        let second = match at_once(next_piece(&mut body)).await {
            Some(second) => second?,
            None => {
                self.count(&mut held, first.len())?;
                next_piece(&mut body).await?
            }
        };
        // Most bodies arrive in one piece, which is kept without a copy.
        let Some(second) = second else {
            return Ok(headers.verify_bytes(first)?);
        };
        let reserved = usize::try_from(content_length)
            .unwrap_or(limit)
            .min(RESERVED_AT_ONCE);
        let mut arrived = first.len() + second.len();
        self.count(&mut held, arrived.max(reserved))?;
        let mut verifier = headers.verify_stream(limit).content_length(content_length)?;
        verifier = verifier.push(&first)?.push(&second)?;
        drop((first, second));
        while let Some(piece) = next_piece(&mut body).await? {
            arrived += piece.len();
            self.count(&mut held, arrived)?;
            verifier = verifier.push(&piece)?;
        }
        Ok(verifier.finish()?)
    }

    /// Counts the bytes of a body that is still arriving.
    fn count(&self, held: &mut HeldBytes<'_>, bytes: usize) -> Result<(), Rejection> {
        if held.grow_to(bytes) {
            Ok(())
        } else {
            Err(Rejection::Overloaded {
                retry_after: self.0.body_timeout,
            })
        }
    }
}

/// The value of the header, if the request has one.
pub(crate) fn content_encoding(head: &Parts) -> Option<&[u8]> {
    head.headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes)
}

/// The output of a future if it is there already. The future is dropped otherwise, so it must be safe to drop.
async fn at_once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// The checked head of a request whose body is not read yet. From [`RequestVerifier::check_head`].
#[derive(Debug, Clone, Copy)]
pub struct CheckedHead<'a> {
    headers: CheckedHeaders<'a, 'a>,
    content_length: u64,
}

/// Reads the next piece of a body, without a copy if the piece is contiguous.
async fn next_piece<S, D>(body: &mut S) -> Result<Option<Bytes>, Rejection>
where
    S: Stream<Item = Result<D, Rejection>> + Unpin,
    D: Buf,
{
    match body.next().await {
        Some(Ok(mut piece)) => Ok(Some(piece.copy_to_bytes(piece.remaining()))),
        Some(Err(rejection)) => Err(rejection),
        None => Ok(None),
    }
}
