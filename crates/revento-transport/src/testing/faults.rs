//! A transport that injects faults.

use std::{
    fmt,
    sync::atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use bytes::Bytes;

use super::TransportResult;
use crate::{Transport, TransportError};

/// What happens to one request.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum TransportFault {
    /// No fault: the request is sent and the response returned.
    None,
    /// The request is not sent. The error says that it was never sent.
    NeverSent,
    /// The request is not sent. The error says that it may have taken effect, as for a real loss.
    LostRequest,
    /// The request is sent and takes effect; its response is lost. The error says that it may have taken effect. A
    /// refresh must survive this fault (invariant T1).
    LostResponse,
    /// The request is sent. The body of its response is cut to this many bytes, without an error.
    CutResponse(usize),
    /// The request is not sent; the caller gets this response, as from a gateway.
    Respond(http::Response<Bytes>),
    /// The request is sent, and the call never returns.
    Hang,
}

/// Injects faults in front of a transport. The plan gets the number of the request, from 0, and names its fault.
///
/// ```
/// use revento_transport::testing::{Faults, Scripted, TransportFault};
/// # let platform = Scripted::default();
/// // Every third response is lost.
/// let unreliable = Faults::new(platform, |number, _request| match number % 3 {
///     2 => TransportFault::LostResponse,
///     _ => TransportFault::None,
/// });
/// ```
pub struct Faults<T> {
    inner: T,
    plan: Box<Plan>,
    requests: AtomicUsize,
}

type Plan = dyn Fn(usize, &http::Request<Bytes>) -> TransportFault + Send + Sync;

impl<T> Faults<T> {
    /// Injects the faults that `plan` names.
    pub fn new(
        inner: T,
        plan: impl Fn(usize, &http::Request<Bytes>) -> TransportFault + Send + Sync + 'static,
    ) -> Self {
        Self {
            inner,
            plan: Box::new(plan),
            requests: AtomicUsize::new(0),
        }
    }

    /// Injects these faults, one for each request in order, and none after the last.
    pub fn in_order(inner: T, faults: impl IntoIterator<Item = TransportFault>) -> Self {
        let faults: Vec<TransportFault> = faults.into_iter().collect();
        Self::new(inner, move |number, _| {
            faults.get(number).cloned().unwrap_or(TransportFault::None)
        })
    }

    /// The number of requests so far, with and without a fault.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// The transport behind the faults.
    pub fn inner(&self) -> &T {
        &self.inner
    }
}

#[async_trait]
impl<T: Transport> Transport for Faults<T> {
    async fn send(&self, request: http::Request<Bytes>) -> TransportResult {
        let number = self.requests.fetch_add(1, Ordering::SeqCst);
        match (self.plan)(number, &request) {
            TransportFault::None => self.inner.send(request).await,
            TransportFault::NeverSent => Err(TransportError::never_sent("an injected fault")),
            TransportFault::LostRequest => Err(TransportError::may_have_been_sent("an injected fault")),
            TransportFault::LostResponse => {
                self.inner.send(request).await?;
                Err(TransportError::may_have_been_sent(
                    "an injected fault: the response is lost",
                ))
            }
            TransportFault::CutResponse(length) => {
                let answer = self.inner.send(request).await?;
                Ok(answer.map(|body| body.slice(..length.min(body.len()))))
            }
            TransportFault::Respond(answer) => Ok(answer),
            TransportFault::Hang => {
                drop(self.inner.send(request).await);
                std::future::pending().await
            }
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Faults<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults")
            .field("inner", &self.inner)
            .field("requests", &self.requests())
            .finish_non_exhaustive()
    }
}
