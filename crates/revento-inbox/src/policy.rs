//! When to retry, when to bury, and how long to keep. Pure: no I/O and no clock.

use std::time::Duration;

use revento_core::Timestamp;

use crate::FailureAction;

/// The durations and limits of an inbox.
///
/// ```
/// use std::time::Duration;
/// use revento_inbox::Policy;
///
/// let policy = Policy::new()
///     .retry_delays([5, 60].map(Duration::from_secs))
///     .concurrency(4);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// The delays between attempts. The runner makes one attempt more than there are delays.
    pub retry_delays: Vec<Duration>,
    /// The time limit of one attempt. When it passes, the attempt counts as failed.
    pub handler_timeout: Duration,
    /// How many deliveries a runner handles at the same time. The default of eight fits into a database pool of ten connections, the
    /// default of sqlx, and leaves some for pages. Handlers that mostly wait for other servers can have more: one query leases for all
    /// free slots.
    pub concurrency: usize,
    /// How many deliveries may wait for the store at the same time while the inbox accepts them. Zero counts as one. Beyond that,
    /// [`accept`](crate::Inbox::accept) fails at once with [`Overloaded`](crate::AcceptError::Overloaded), and the platform sends the
    /// delivery again.
    pub max_concurrent_accepts: usize,
    /// How many bytes the bodies of these deliveries may have together. A larger body is accepted when it is the only one. Each
    /// body is in memory about three times, readable and sealed.
    pub max_accepting_bytes: usize,
    /// How long the inbox keeps the identity of a handled delivery to recognize a duplicate. At least 7 days (contract
    /// §4.1): a shorter time counts as 7 days.
    pub handled_retention: Duration,
    /// How long the inbox keeps the body of a buried delivery, so that an operator can
    /// [queue it again](crate::Inbox::requeue). At most 28 days: a longer time counts as 28 days. The data of an ended
    /// connection has to be deleted within 30 days (contract §2.6), and a delivery that was in progress at its end is
    /// buried up to two days later.
    pub buried_retention: Duration,
}

const DAY: Duration = Duration::from_secs(86_400);

impl Default for Policy {
    /// Six attempts within about an hour, one minute for each, eight deliveries at the same time. Up to 1024 deliveries with 64 MiB
    /// are accepted at the same time. Identities are kept for 30 days, the bodies of buried deliveries for 14.
    fn default() -> Self {
        Self {
            retry_delays: [5, 30, 120, 600, 3600].map(Duration::from_secs).to_vec(),
            handler_timeout: Duration::from_secs(60),
            concurrency: 8,
            max_concurrent_accepts: 1024,
            max_accepting_bytes: 64 << 20,
            handled_retention: 30 * DAY,
            buried_retention: 14 * DAY,
        }
    }
}

impl Policy {
    /// The [default](Self::default) policy.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the delays between attempts. An empty list means one attempt.
    #[must_use]
    pub fn retry_delays(mut self, delays: impl IntoIterator<Item = Duration>) -> Self {
        self.retry_delays = delays.into_iter().collect();
        self
    }

    /// Sets the time limit of one attempt.
    #[must_use]
    pub fn handler_timeout(mut self, timeout: Duration) -> Self {
        self.handler_timeout = timeout;
        self
    }

    /// Sets how many deliveries a runner handles at the same time.
    #[must_use]
    pub fn concurrency(mut self, deliveries: usize) -> Self {
        self.concurrency = deliveries;
        self
    }

    /// Sets how many deliveries the inbox accepts at the same time at most.
    #[must_use]
    pub fn max_concurrent_accepts(mut self, deliveries: usize) -> Self {
        self.max_concurrent_accepts = deliveries;
        self
    }

    /// Sets how many bytes the bodies of the deliveries that the inbox accepts at the same time may have together.
    #[must_use]
    pub fn max_accepting_bytes(mut self, bytes: usize) -> Self {
        self.max_accepting_bytes = bytes;
        self
    }

    /// Sets how long the inbox keeps the identity of a handled delivery.
    #[must_use]
    pub fn handled_retention(mut self, time: Duration) -> Self {
        self.handled_retention = time;
        self
    }

    /// Sets how long the inbox keeps the body of a buried delivery.
    #[must_use]
    pub fn buried_retention(mut self, time: Duration) -> Self {
        self.buried_retention = time;
        self
    }

    /// Decides what to do after a failed attempt. `attempt` counts from 1.
    pub fn after_failure(&self, attempt: u32, permanent: bool, now: Timestamp) -> FailureAction {
        let delay = usize::try_from(attempt)
            .ok()
            .and_then(|n| self.retry_delays.get(n.checked_sub(1)?));
        match delay {
            Some(delay) if !permanent => FailureAction::RetryAt(now.saturating_add(*delay)),
            _ => FailureAction::Bury,
        }
    }

    /// Identities of deliveries that were handled before this time may be forgotten.
    pub(crate) fn forget_before(&self, now: Timestamp) -> Timestamp {
        now.saturating_sub(self.handled_retention.max(7 * DAY))
    }

    /// Bodies of deliveries that were buried before this time have to be expunged.
    pub(crate) fn expunge_before(&self, now: Timestamp) -> Timestamp {
        now.saturating_sub(self.buried_retention.min(28 * DAY))
    }

    /// How many deliveries a runner handles at the same time, at least one.
    pub(crate) fn slots(&self) -> usize {
        self.concurrency.max(1)
    }

    /// The duration of a lease: one attempt, and the time to store its outcome.
    pub(crate) fn lease(&self) -> Duration {
        self.handler_timeout.saturating_add(Duration::from_secs(30))
    }
}

#[cfg(test)]
mod tests {
    use revento_core::limits;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn q7_the_runner_makes_one_attempt_more_than_there_are_delays() {
        let policy = Policy::new().retry_delays([1, 2].map(Duration::from_secs));
        assert_eq!(
            policy.after_failure(1, false, NOW),
            FailureAction::RetryAt(Timestamp::from_unix_seconds(1))
        );
        assert_eq!(
            policy.after_failure(2, false, NOW),
            FailureAction::RetryAt(Timestamp::from_unix_seconds(2))
        );
        assert_eq!(policy.after_failure(3, false, NOW), FailureAction::Bury);
        assert_eq!(policy.after_failure(1, true, NOW), FailureAction::Bury);
    }

    #[test]
    fn q12_identities_are_remembered_for_seven_days_at_least() {
        let policy = |time| Policy::new().handled_retention(time);
        let now = Timestamp::from_unix_seconds(100 * 86_400);
        assert_eq!(
            policy(Duration::ZERO).forget_before(now),
            now.saturating_sub(7 * DAY)
        );
        assert_eq!(policy(20 * DAY).forget_before(now), now.saturating_sub(20 * DAY));
        // The platform's last retry comes 31.2 hours after the first attempt (contract §4.1).
        assert!(Duration::from_secs(112_350) < 7 * DAY);
    }

    #[test]
    fn q18_buried_bodies_are_kept_for_28_days_at_most() {
        let policy = |time| Policy::new().buried_retention(time);
        let now = Timestamp::from_unix_seconds(100 * 86_400);
        assert_eq!(policy(Duration::ZERO).expunge_before(now), now);
        assert_eq!(
            policy(Duration::MAX).expunge_before(now),
            now.saturating_sub(28 * DAY)
        );
        // A delivery that was in progress when the connection ended: the platform's last retry, and all attempts.
        let policy = policy(Duration::MAX);
        let last_retry = Duration::from_secs(112_350);
        let attempts: Duration = policy
            .retry_delays
            .iter()
            .map(|delay| *delay + policy.lease())
            .sum();
        let sweep = Duration::from_secs(3600);
        assert!(last_retry + attempts + policy.lease() + 28 * DAY + sweep < limits::DELETION_PERIOD);
    }

    #[test]
    fn q6_no_delays_mean_one_attempt() {
        let policy = Policy::new().retry_delays([]);
        assert_eq!(policy.after_failure(1, false, NOW), FailureAction::Bury);
        assert_eq!(policy.after_failure(0, false, NOW), FailureAction::Bury);
    }
}
