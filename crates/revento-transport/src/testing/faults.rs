//! Faults between a caller and a transport.

use std::{
    fmt,
    sync::atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use bytes::Bytes;

use super::Answer;
use crate::{Transport, TransportError};

/// What happens to one request.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing: it is sent, and its answer comes back.
    None,
    /// It never leaves, and the error says so.
    NeverSent,
    /// It never leaves, but nobody can know that: the error says that it may have arrived.
    LostOnTheWay,
    /// It arrives and takes effect; the answer is lost. The error says that it may have arrived. The
    /// fault that refreshing must survive (invariant T1).
    LostAnswer,
    /// It arrives, and its answer breaks off after so many bytes of the body, unnoticed by the transport.
    CutAnswer(usize),
    /// It never leaves; somebody in between, such as a gateway, gives this answer.
    Answer(http::Response<Bytes>),
    /// It arrives, and the caller waits for ever.
    Hang,
}

/// Puts faults before a transport: `plan` says what happens to the request of this number, counted from 0.
///
/// ```
/// use revento_transport::testing::{Fault, Faults, Scripted};
/// # let platform = Scripted::default();
/// // Every third answer is lost.
/// let shaky = Faults::new(platform, |number, _request| match number % 3 {
///     2 => Fault::LostAnswer,
///     _ => Fault::None,
/// });
/// ```
pub struct Faults<T> {
    inner: T,
    plan: Box<Plan>,
    requests: AtomicUsize,
}

type Plan = dyn Fn(usize, &http::Request<Bytes>) -> Fault + Send + Sync;

impl<T> Faults<T> {
    /// Faults by a plan.
    pub fn new(
        inner: T,
        plan: impl Fn(usize, &http::Request<Bytes>) -> Fault + Send + Sync + 'static,
    ) -> Self {
        Self {
            inner,
            plan: Box::new(plan),
            requests: AtomicUsize::new(0),
        }
    }

    /// These faults, one for each request in order; none after the last.
    pub fn in_order(inner: T, faults: impl IntoIterator<Item = Fault>) -> Self {
        let faults: Vec<Fault> = faults.into_iter().collect();
        Self::new(inner, move |number, _| {
            faults.get(number).cloned().unwrap_or(Fault::None)
        })
    }

    /// How many requests have come so far, whatever happened to them.
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
    async fn send(&self, request: http::Request<Bytes>) -> Answer {
        let number = self.requests.fetch_add(1, Ordering::SeqCst);
        match (self.plan)(number, &request) {
            Fault::None => self.inner.send(request).await,
            Fault::NeverSent => Err(TransportError::never_sent("a planned fault")),
            Fault::LostOnTheWay => Err(TransportError::may_have_been_sent("a planned fault")),
            Fault::LostAnswer => {
                self.inner.send(request).await?;
                Err(TransportError::may_have_been_sent(
                    "a planned fault: the answer is lost",
                ))
            }
            Fault::CutAnswer(length) => {
                let answer = self.inner.send(request).await?;
                Ok(answer.map(|body| body.slice(..length.min(body.len()))))
            }
            Fault::Answer(answer) => Ok(answer),
            Fault::Hang => {
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
