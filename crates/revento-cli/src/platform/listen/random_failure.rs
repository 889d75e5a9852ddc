//! Attempts that fail on purpose.

use std::sync::{Mutex, PoisonError};

use fastrand::Rng;

/// Decides which attempts fail.
pub(super) struct RandomFailure {
    rate: f64,
    seed: u64,
    random: Mutex<Rng>,
}

impl RandomFailure {
    /// A part of the attempts, chosen by the seed, or by a random one.
    pub(super) fn new(rate: f64, seed: Option<u64>) -> Self {
        // A short number can be typed again.
        let seed = seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
        Self {
            rate,
            seed,
            random: Mutex::new(Rng::with_seed(seed)),
        }
    }

    /// The seed, if attempts fail.
    pub(super) fn seed(&self) -> Option<u64> {
        (self.rate > 0.0).then_some(self.seed)
    }

    /// Whether the next attempt fails.
    pub(super) fn strikes(&self) -> bool {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        random.f64() < self.rate
    }
}

/// Reads a rate on the command line.
pub(super) fn parse_rate(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|rate| (0.0..=1.0).contains(rate))
        .ok_or_else(|| "give a number from 0 to 1, such as 0.2".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_fails_the_same_attempts() {
        let run = |rate, seed| {
            let failures = RandomFailure::new(rate, Some(seed));
            (0..1_000).map(|_| failures.strikes()).collect::<Vec<_>>()
        };
        assert_eq!(run(0.2, 7), run(0.2, 7));
        assert_ne!(run(0.2, 7), run(0.2, 8));
        let failed = run(0.2, 7).into_iter().filter(|failed| *failed).count();
        assert!((150..250).contains(&failed), "{failed}");
        assert!(!run(0.0, 1).contains(&true) && !run(1.0, 1).contains(&false));
    }

    #[test]
    fn a_rate_is_a_number_from_0_to_1() {
        assert_eq!(parse_rate("0.25"), Ok(0.25));
        for wrong in ["", "-0.1", "1.1", "20%", "NaN", "inf"] {
            assert!(parse_rate(wrong).is_err(), "{wrong}");
        }
    }
}
