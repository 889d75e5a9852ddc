//! The real clock. The sandbox clock is this one plus an offset that lives in the state.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use super::time::Time;

/// The machine's time. Webhook signatures carry it, so that a receiver's window holds.
#[expect(
    clippy::disallowed_methods,
    reason = "the platform's one look at the machine's clock"
)]
pub(crate) fn real_now() -> Time {
    Time::from_micros(jiff::Timestamp::now().as_microsecond())
}

/// What the sandbox takes for the real time: the machine's clock, or that of a simulation.
#[derive(Clone)]
pub(crate) struct Clock(Arc<dyn Fn() -> Time + Send + Sync>);

impl Clock {
    /// A clock that somebody else moves.
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

/// A monotonic reading, for durations only.
#[expect(
    clippy::disallowed_methods,
    reason = "durations of attempts are measured, not decided upon"
)]
pub(crate) fn stopwatch() -> std::time::Instant {
    std::time::Instant::now()
}
