//! When to try again, and when to stop. Pure.

use std::time::Duration;

use revento_core::Timestamp;

/// The durations and counts that an inbox goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The pauses between attempts. One more attempt than pauses is made; none means one attempt.
    pub pauses: Vec<Duration>,
    /// How long one attempt may take; then it counts as failed and its lease ends.
    pub handler_timeout: Duration,
    /// How many deliveries are handled at a time.
    pub concurrency: usize,
    /// How long the identity of a handled delivery is remembered, so that one that comes again is known.
    /// At least 7 days (contract §4.1): less counts as that.
    pub remember: Duration,
    /// How long the body of a buried delivery is kept, so that an operator can [queue it again](crate::Inbox::requeue).
    /// At most 28 days: more counts as that. The data of a connection that ended has to be gone within 30
    /// (contract §2.6), and what was on its way when it ended is buried up to two days later.
    pub keep_buried: Duration,
}

const DAY: Duration = Duration::from_secs(86_400);

impl Default for Policy {
    /// Six attempts over about an hour, one minute each, eight at a time; remembered for 30 days, the bodies of
    /// buried deliveries kept for 14.
    fn default() -> Self {
        Self {
            pauses: [5, 30, 120, 600, 3600].map(Duration::from_secs).to_vec(),
            handler_timeout: Duration::from_secs(60),
            concurrency: 8,
            remember: 30 * DAY,
            keep_buried: 14 * DAY,
        }
    }
}

/// What becomes of a delivery whose attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Try again then.
    RetryAt(Timestamp),
    /// Set it aside.
    Bury,
}

impl Policy {
    /// Judges a failure. `attempt` counts from 1.
    pub fn judge(&self, attempt: u32, permanent: bool, now: Timestamp) -> Verdict {
        let pause = usize::try_from(attempt)
            .ok()
            .and_then(|n| self.pauses.get(n.checked_sub(1)?));
        match pause {
            Some(pause) if !permanent => Verdict::RetryAt(now.saturating_add(*pause)),
            _ => Verdict::Bury,
        }
    }

    /// What was handled before this may be forgotten.
    pub(crate) fn forget_before(&self, now: Timestamp) -> Timestamp {
        now.saturating_sub(self.remember.max(7 * DAY))
    }

    /// The bodies of what was buried before this have to go.
    pub(crate) fn expunge_before(&self, now: Timestamp) -> Timestamp {
        now.saturating_sub(self.keep_buried.min(28 * DAY))
    }

    /// How long a lease lives: an attempt, and the time to note its outcome.
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
    fn q7_one_more_attempt_than_pauses_is_made() {
        let policy = Policy {
            pauses: vec![Duration::from_secs(1), Duration::from_secs(2)],
            ..Policy::default()
        };
        assert_eq!(
            policy.judge(1, false, NOW),
            Verdict::RetryAt(Timestamp::from_unix_seconds(1))
        );
        assert_eq!(
            policy.judge(2, false, NOW),
            Verdict::RetryAt(Timestamp::from_unix_seconds(2))
        );
        assert_eq!(policy.judge(3, false, NOW), Verdict::Bury);
        assert_eq!(policy.judge(1, true, NOW), Verdict::Bury);
    }

    #[test]
    fn q12_identities_are_remembered_for_seven_days_at_least() {
        let policy = |remember| Policy {
            remember,
            ..Policy::default()
        };
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
        let policy = |keep_buried| Policy {
            keep_buried,
            ..Policy::default()
        };
        let now = Timestamp::from_unix_seconds(100 * 86_400);
        assert_eq!(policy(Duration::ZERO).expunge_before(now), now);
        assert_eq!(
            policy(Duration::MAX).expunge_before(now),
            now.saturating_sub(28 * DAY)
        );
        // What was on its way when the connection ended: the platform's last retry, and all attempts.
        let policy = policy(Duration::MAX);
        let last_retry = Duration::from_secs(112_350);
        let attempts: Duration = policy.pauses.iter().map(|pause| *pause + policy.lease()).sum();
        let sweep = Duration::from_secs(3600);
        assert!(last_retry + attempts + policy.lease() + 28 * DAY + sweep < limits::DELETION_PERIOD);
    }

    #[test]
    fn q6_no_pauses_mean_one_attempt() {
        let policy = Policy {
            pauses: Vec::new(),
            ..Policy::default()
        };
        assert_eq!(policy.judge(1, false, NOW), Verdict::Bury);
        assert_eq!(policy.judge(0, false, NOW), Verdict::Bury);
    }
}
