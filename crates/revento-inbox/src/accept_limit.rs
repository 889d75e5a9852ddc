//! The limit of what an inbox accepts at the same time.
//!
//! A store that stalls must not fill the memory with deliveries that wait for it. Beyond the limit the platform gets its answer at
//! once, and sends the delivery again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{AcceptError, Policy};

/// Counts the deliveries that are being accepted, and the bytes of their bodies.
#[derive(Debug, Default)]
pub(crate) struct AcceptLimit(Mutex<Accepting>);

#[derive(Debug, Default)]
struct Accepting {
    deliveries: usize,
    bytes: usize,
}

/// One delivery that is being accepted. Dropping it makes room for another.
#[derive(Debug)]
pub(crate) struct AcceptPermit<'a> {
    limit: &'a AcceptLimit,
    bytes: usize,
}

impl AcceptLimit {
    /// Counts a delivery, if the policy allows one more with a body of so many bytes.
    pub(crate) fn begin(&self, policy: &Policy, bytes: usize) -> Result<AcceptPermit<'_>, AcceptError> {
        let mut accepting = self.lock();
        // A body that is larger than the limit is accepted when it is the only one.
        let fits = accepting.deliveries == 0
            || accepting.deliveries < policy.max_concurrent_accepts
                && accepting.bytes.saturating_add(bytes) <= policy.max_accepting_bytes;
        if !fits {
            return Err(AcceptError::Overloaded);
        }
        accepting.deliveries += 1;
        accepting.bytes += bytes;
        Ok(AcceptPermit { limit: self, bytes })
    }

    fn lock(&self) -> MutexGuard<'_, Accepting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for AcceptPermit<'_> {
    fn drop(&mut self) {
        let mut accepting = self.limit.lock();
        accepting.deliveries -= 1;
        accepting.bytes -= self.bytes;
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
}
