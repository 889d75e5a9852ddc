//! The real clock. The sandbox clock is the real clock plus an offset in the state.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use super::time::Time;

/// The machine's time.
#[expect(
    clippy::disallowed_methods,
    reason = "the only place that reads the machine's clock"
)]
pub(crate) fn real_now() -> Time {
    Time::from_micros(jiff::Timestamp::now().as_microsecond())
}

/// The real clock of the sandbox: the machine's, or that of a simulation.
#[derive(Clone)]
pub(crate) struct Clock(Arc<dyn Fn() -> Time + Send + Sync>);

impl Clock {
    /// The clock of a simulation.
    pub(crate) fn simulated(now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(move || {
            let since = now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            Time::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
        }))
    }

    pub(crate) fn now(&self) -> Time {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self(Arc::new(real_now))
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now())
    }
}

/// The monotonic time, to measure durations.
#[expect(
    clippy::disallowed_methods,
    reason = "it measures durations and decides nothing"
)]
pub(crate) fn stopwatch() -> std::time::Instant {
    std::time::Instant::now()
}
