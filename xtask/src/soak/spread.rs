//! Minimum, median and maximum of durations.

use std::fmt;
use std::time::Duration;

use crate::clock::human;

/// Minimum, median and maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spread {
    min: Duration,
    median: Duration,
    max: Duration,
}

impl Spread {
    /// `None` if there are no durations.
    pub(super) fn of(mut durations: Vec<Duration>) -> Option<Self> {
        durations.sort();
        Some(Self {
            min: *durations.first()?,
            median: *durations.get(durations.len() / 2)?,
            max: *durations.last()?,
        })
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "min {}, median {}, max {}",
            human(self.min),
            human(self.median),
            human(self.max)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_runs_does_not_matter() {
        let spread = Spread::of([3, 1, 2].map(Duration::from_secs).into()).unwrap();
        assert_eq!(spread.to_string(), "min 1.0 s, median 2.0 s, max 3.0 s");
        assert_eq!(Spread::of(Vec::new()), None);
    }
}
