//! Where waiting comes from.

use std::{fmt, time::Duration};

use futures_core::future::BoxFuture;

/// Waits. A simulation brings its own, together with a [`Clock`](revento_store::Clock) that moves with it.
pub trait Timer: Send + Sync + fmt::Debug {
    /// Completes after this time, not before.
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;
}

/// Tokio's timer.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TokioTimer;

impl Timer for TokioTimer {
    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}
