//! When a read is repeated, and after how long: the settings.

use std::time::Duration;

/// How a read is repeated (invariant C2): after a failed transport, a 5xx or a 429, and after nothing else. The
/// repetition after a refresh does not count.
///
/// A pause is a random share of a bound that doubles (full jitter), so that many callers do not return at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    pub(crate) attempts: u32,
    pub(crate) initial_backoff: Duration,
    pub(crate) max_backoff: Duration,
    pub(crate) max_retry_after: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) deadline: Option<Duration>,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 4,
            initial_backoff: Duration::from_millis(400),
            max_backoff: Duration::from_secs(10),
            max_retry_after: Duration::from_secs(90),
            attempt_timeout: Duration::from_secs(30),
            deadline: None,
        }
    }
}

impl Retry {
    /// One attempt.
    pub fn never() -> Self {
        Self {
            attempts: 1,
            ..Self::default()
        }
    }

    /// How many requests one read may make, 4 by default; at least one.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// The bound of the pause after the first attempt, 400 ms by default, and the largest bound, 10 s by default.
    #[must_use]
    pub fn backoff(mut self, initial: Duration, max: Duration) -> Self {
        (self.initial_backoff, self.max_backoff) = (initial, max.max(initial));
        self
    }

    /// The longest `Retry-After` that a read waits for, 90 s by default. When the platform asks for more, the read fails
    /// at once.
    #[must_use]
    pub fn max_retry_after(mut self, limit: Duration) -> Self {
        self.max_retry_after = limit;
        self
    }

    /// How long one request may take, 30 s by default. A transport may have a shorter limit. An attempt that timed out is
    /// repeated like any other.
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// How long the whole read may take, with waits for the budget and all attempts; unlimited by default.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// The bound of the pause after attempt number `attempt`, which counts from one.
    pub(crate) fn bound(&self, attempt: u32) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        self.initial_backoff
            .saturating_mul(1 << doublings)
            .min(self.max_backoff)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a13_backoff_doubles_and_never_overflows() {
        let retry = Retry::default();
        let millis = |attempt| retry.bound(attempt).as_millis();
        assert_eq!(
            [millis(0), millis(1), millis(2), millis(3)],
            [400, 400, 800, 1600]
        );
        assert_eq!(millis(u32::MAX), 10_000);
        let endless = retry.backoff(Duration::MAX, Duration::MAX);
        assert_eq!(endless.bound(u32::MAX), Duration::MAX);
    }

    #[test]
    fn a11_there_is_always_an_attempt() {
        assert_eq!(Retry::default().attempts(0).attempts, 1);
        assert_eq!(Retry::never().attempts, 1);
    }
}
