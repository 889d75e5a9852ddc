//! The real clock. The sandbox clock is this one plus an offset that lives in the state.

use super::time::Time;

/// The real time. Webhook signatures carry it, so that a receiver's window holds.
#[expect(
    clippy::disallowed_methods,
    reason = "the platform's one look at the machine's clock"
)]
pub(crate) fn real_now() -> Time {
    Time::from_micros(jiff::Timestamp::now().as_microsecond())
}

/// A monotonic reading, for durations only.
#[expect(
    clippy::disallowed_methods,
    reason = "durations of attempts are measured, not decided upon"
)]
pub(crate) fn stopwatch() -> std::time::Instant {
    std::time::Instant::now()
}
