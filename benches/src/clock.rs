//! The only place that reads the system clock.
#![expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Returns the duration of `work` in nanoseconds.
pub fn time(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64() * 1e9
}

pub fn unix_seconds() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.as_secs() as i64)
}
