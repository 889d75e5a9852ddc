//! Pauses between the attempts of a transaction that the engine rolls back in favour of others.

use std::time::Duration;

use tokio::time::sleep;

/// How often a call is made again because of other transactions.
const MAX_ROLLBACKS: u32 = 12;
/// The longest pause before the second attempt; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const MAX_PAUSE: Duration = Duration::from_millis(250);

/// How often the engine has rolled a call back: for a deadlock, a conflict, or a lock that it did not get.
///
/// Two transactions that are made again at once meet at the same place again, so each waits for a random time, up to 1.3 s in all.
#[derive(Debug, Default)]
pub struct Rollbacks {
    count: u32,
}

impl Rollbacks {
    /// Waits until the call may be made again. `false`, without a pause, if it was rolled back too often.
    pub async fn may_repeat(&mut self) -> bool {
        if self.count == MAX_ROLLBACKS {
            return false;
        }
        let longest = (FIRST_PAUSE * (1 << self.count)).min(MAX_PAUSE);
        self.count += 1;
        sleep(longest.mul_f64(random_share())).await;
        true
    }
}

/// From 0 to 1; 1 without a source of randomness.
fn random_share() -> f64 {
    getrandom::u32().map_or(1.0, |random| f64::from(random) / f64::from(u32::MAX))
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_always_rolled_back_ends_soon() {
        let begun = Instant::now();
        let mut rollbacks = Rollbacks::default();
        let mut pauses = 0;
        while rollbacks.may_repeat().await {
            pauses += 1;
        }
        assert_eq!(pauses, MAX_ROLLBACKS);
        let waited = begun.elapsed();
        assert!(
            waited > Duration::ZERO && waited < Duration::from_secs(2),
            "{waited:?}"
        );
    }
}
