//! The limit of what an inbox accepts at the same time.
//!
//! A store that stalls must not fill the memory with deliveries that wait for it. Beyond the limit the platform gets its answer at
//! once, and sends the delivery again. An overload is two lines in the log, however many deliveries are refused.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{AcceptError, Policy};

/// Counts the deliveries that are being accepted, and the bytes of their bodies.
#[derive(Debug, Default)]
pub(crate) struct AcceptLimit(Mutex<Accepting>);

#[derive(Debug, Default)]
struct Accepting {
    deliveries: usize,
    bytes: usize,
    /// How many deliveries were refused in this overload; zero if there is none.
    refused: u64,
}

/// One delivery that is being accepted. Dropping it makes room for another.
#[derive(Debug)]
pub(crate) struct AcceptPermit<'a> {
    limit: &'a AcceptLimit,
    policy: &'a Policy,
    bytes: usize,
}

impl AcceptLimit {
    /// Counts a delivery, if the policy allows one more with a body of so many bytes.
    pub(crate) fn begin<'a>(
        &'a self,
        policy: &'a Policy,
        bytes: usize,
    ) -> Result<AcceptPermit<'a>, AcceptError> {
        let limit = self;
        let mut accepting = self.lock();
        if accepting.begin(policy, bytes) {
            return Ok(AcceptPermit { limit, policy, bytes });
        }
        if accepting.refuse() {
            let (deliveries, bytes) = (accepting.deliveries, accepting.bytes);
            drop(accepting);
            tracing::warn!(
                deliveries,
                bytes,
                "the inbox is overloaded and refuses webhooks, which the platform sends again: the store is slow or stalls"
            );
        }
        Err(AcceptError::Overloaded)
    }

    fn lock(&self) -> MutexGuard<'_, Accepting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for AcceptPermit<'_> {
    fn drop(&mut self) {
        let ended = self.limit.lock().end(self.policy, self.bytes);
        if let Some(refused) = ended {
            tracing::warn!(refused, "the overload of the inbox has ended");
        }
    }
}

impl Accepting {
    fn begin(&mut self, policy: &Policy, bytes: usize) -> bool {
        // A body that is larger than the limit is accepted when it is the only one.
        let fits = self.deliveries == 0
            || self.deliveries < policy.max_concurrent_accepts
                && self.bytes.saturating_add(bytes) <= policy.max_accepting_bytes;
        if fits {
            self.deliveries += 1;
            self.bytes += bytes;
        }
        fits
    }

    /// Counts a refusal. Returns whether an overload begins with it.
    fn refuse(&mut self) -> bool {
        self.refused += 1;
        self.refused == 1
    }

    /// Returns the number of refusals if an overload ends: half of the room is free.
    fn end(&mut self, policy: &Policy, bytes: usize) -> Option<u64> {
        self.deliveries -= 1;
        self.bytes -= bytes;
        let has_room = self.deliveries <= policy.max_concurrent_accepts / 2
            && self.bytes <= policy.max_accepting_bytes / 2;
        (self.refused > 0 && has_room).then(|| std::mem::take(&mut self.refused))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d27_deliveries_and_bytes_are_counted_until_they_are_accepted() {
        let limit = AcceptLimit::default();
        let policy = Policy::new().max_concurrent_accepts(3).max_accepting_bytes(100);
        let begin = |bytes| limit.begin(&policy, bytes);
        let one = begin(60).unwrap();
        assert!(
            matches!(begin(41), Err(AcceptError::Overloaded)),
            "too many bytes"
        );
        let (two, three) = (begin(40).unwrap(), begin(0).unwrap());
        assert!(
            matches!(begin(0), Err(AcceptError::Overloaded)),
            "too many deliveries"
        );
        drop(one);
        let four = begin(60).unwrap();
        drop((two, three, four));
        assert!(begin(1_000).is_ok(), "the only one may be larger");
        assert!(begin(100).is_ok(), "nothing is left over");
    }

    #[test]
    fn d27_a_limit_of_zero_accepts_one_at_a_time() {
        let limit = AcceptLimit::default();
        let policy = Policy::new().max_concurrent_accepts(0).max_accepting_bytes(0);
        let one = limit.begin(&policy, 5).unwrap();
        assert!(limit.begin(&policy, 5).is_err());
        drop(one);
        assert!(limit.begin(&policy, 5).is_ok());
    }

    #[test]
    fn d27_an_overload_has_one_begin_and_one_end() {
        let policy = Policy::new().max_concurrent_accepts(4);
        let mut accepting = Accepting::default();
        for _ in 0..4 {
            assert!(accepting.begin(&policy, 1));
        }
        assert!(!accepting.begin(&policy, 1));
        assert!(accepting.refuse() && !accepting.refuse());
        // A place that is taken at once does not end it.
        assert_eq!(accepting.end(&policy, 1), None);
        assert!(accepting.begin(&policy, 1) && !accepting.refuse());
        assert_eq!(accepting.end(&policy, 1), None);
        assert_eq!(accepting.end(&policy, 1), Some(3));
        assert_eq!(accepting.end(&policy, 1), None, "there is none now");
    }
}
