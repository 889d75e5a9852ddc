//! How much time an examination still takes.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use revento_doctor::{Check, CheckResult, Family, Plan};

/// How long a check of a family takes on average, as measured with the example integration. Only the proportions matter after the
/// first checks: they are scaled to this machine and this integration.
fn typical(family: Family) -> Duration {
    Duration::from_millis(match family {
        Family::Signature => 100,
        Family::Delivery => 180,
        Family::Oauth => 50,
        Family::Tokens => 590,
        Family::Reading => 420,
        Family::Ending => 240,
        Family::Storage => 290,
        _ => 20,
    })
}

/// What was measured of one family.
#[derive(Debug, Default, Clone, Copy)]
struct Measured {
    checks: u32,
    took: Duration,
}

/// The remaining time, from what the checks so far took.
///
/// A check takes as long as the average of its family in this examination. For a family that has not begun, it takes the typical
/// time, scaled by how much faster or slower this examination is than the typical one.
#[derive(Debug)]
pub(crate) struct Estimate {
    remaining: HashMap<Family, u32>,
    measured: HashMap<Family, Measured>,
    /// The family of the current check, and when it began.
    current: Option<(Family, Instant)>,
}

impl Estimate {
    pub(crate) fn new(plan: &Plan) -> Self {
        let mut remaining = HashMap::new();
        for planned in plan.checks.iter().filter(|planned| planned.is_done()) {
            *remaining.entry(planned.check.family).or_default() += 1;
        }
        Self {
            remaining,
            measured: HashMap::new(),
            current: None,
        }
    }

    pub(crate) fn begun(&mut self, check: &Check) {
        self.current = Some((check.family, now()));
    }

    pub(crate) fn finished(&mut self, result: &CheckResult, was_planned: bool) {
        self.current = None;
        if was_planned {
            self.measure(result.check.family, result.duration);
        }
    }

    fn measure(&mut self, family: Family, took: Duration) {
        if let Some(count) = self.remaining.get_mut(&family) {
            *count = count.saturating_sub(1);
        }
        let measured = self.measured.entry(family).or_default();
        measured.checks += 1;
        measured.took += took;
    }

    /// The remaining time; `None` while nothing is measured.
    pub(crate) fn left(&self) -> Option<Duration> {
        let expected: Duration = self
            .measured
            .iter()
            .map(|(family, row)| typical(*family) * row.checks)
            .sum();
        let took: Duration = self.measured.values().map(|row| row.took).sum();
        if expected.is_zero() {
            return None;
        }
        let scale = took.as_secs_f64() / expected.as_secs_f64();
        let per_check = |family: Family| match self.measured.get(&family) {
            Some(row) if row.checks > 0 => row.took / row.checks,
            _ => typical(family).mul_f64(scale.clamp(0.1, 20.0)),
        };
        let whole: Duration = self
            .remaining
            .iter()
            .map(|(family, count)| per_check(*family) * *count)
            .sum();
        let spent = self.current.map_or(Duration::ZERO, |(family, began)| {
            began.elapsed().min(per_check(family))
        });
        Some(whole.saturating_sub(spent))
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the estimate measures the current check"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(remaining: &[(Family, u32)]) -> Estimate {
        Estimate {
            remaining: remaining.iter().copied().collect(),
            measured: HashMap::new(),
            current: None,
        }
    }

    #[test]
    fn a_family_that_has_begun_counts_with_its_own_average() {
        let mut estimate = estimate(&[(Family::Delivery, 4)]);
        assert_eq!(estimate.left(), None);
        estimate.measure(Family::Delivery, Duration::from_secs(2));
        estimate.measure(Family::Delivery, Duration::from_secs(4));
        assert_eq!(estimate.left(), Some(Duration::from_secs(6)));
    }

    #[test]
    fn another_family_is_scaled_and_not_only_counted() {
        let mut estimate = estimate(&[(Family::Signature, 1), (Family::Tokens, 2)]);
        // Twice as slow as usual.
        estimate.measure(Family::Signature, typical(Family::Signature) * 2);
        assert_eq!(estimate.left(), Some(typical(Family::Tokens) * 4));
    }
}
