//! Time, waits and randomness. Uses no other module of this crate.
//!
//! Every wait, time limit and random number of this crate comes from a [`Runtime`], so that a simulation that replaces
//! the clock, the timer and the entropy governs all of them. Only `TokioTimer` calls `tokio::time`; `cargo xtask purity` checks it.

use std::{fmt, pin::pin, sync::Arc, time::Duration};

use futures_core::future::BoxFuture;
use futures_util::future::{Either, select};
use revento_core::{RequestId, Timestamp};
use revento_store::{Clock, Entropy, EntropyError};

/// The longest pause after the first race that was lost. It doubles with each.
const RACE_PAUSE: Duration = Duration::from_millis(5);

/// Waits. A simulation brings its own, together with a [`Clock`] that moves with it.
pub trait Timer: Send + Sync + fmt::Debug {
    /// Completes after this time, not before.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

impl<T: Timer + ?Sized> Timer for Arc<T> {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        (**self).sleep(duration)
    }
}

/// Tokio's timer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TokioTimer;

impl Timer for TokioTimer {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// The clock, the timer and the entropy of one client. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Runtime(Arc<Sources>);

#[derive(Debug)]
struct Sources {
    clock: Arc<dyn Clock>,
    timer: Arc<dyn Timer>,
    entropy: Arc<dyn Entropy>,
}

/// The time limit passed before the future completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Elapsed;

impl Runtime {
    pub(crate) fn new(clock: Arc<dyn Clock>, timer: Arc<dyn Timer>, entropy: Arc<dyn Entropy>) -> Self {
        Self(Arc::new(Sources {
            clock,
            timer,
            entropy,
        }))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(crate) fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.0.timer.sleep(duration)
    }

    /// Drops the future when the limit passes first.
    pub(crate) async fn timeout<T>(
        &self,
        limit: Duration,
        future: impl Future<Output = T>,
    ) -> Result<T, Elapsed> {
        match select(pin!(future), self.sleep(limit)).await {
            Either::Left((output, _)) => Ok(output),
            Either::Right(_) => Err(Elapsed),
        }
    }

    /// Random bytes for secrets.
    pub(crate) fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        self.0.entropy.fill(bytes)
    }

    /// A random number for jitter and identification; 0 when the entropy fails, which does no harm there.
    pub(crate) fn random(&self) -> u32 {
        let mut random = [0; 4];
        let _ = self.fill(&mut random);
        u32::from_le_bytes(random)
    }

    /// A random share of a duration.
    pub(crate) fn jitter(&self, whole: Duration) -> Duration {
        whole.mul_f64(f64::from(self.random()) / f64::from(u32::MAX))
    }

    /// Waits before a swap that lost a race is repeated. The winner goes first, and the losers spread out.
    pub(crate) async fn pause_after_lost_race(&self, lost: u32) {
        let longest = RACE_PAUSE.saturating_mul(1 << lost.min(5));
        self.sleep(self.jitter(longest)).await;
    }

    /// A fresh id for one request (contract §3.1).
    pub(crate) fn request_id(&self) -> RequestId {
        let mut random = [0; 16];
        // When the entropy fails, the id still names the request, only not uniquely.
        let _ = self.fill(&mut random);
        let id = uuid::Builder::from_random_bytes(random).into_uuid();
        RequestId::new(id.to_string())
    }
}
