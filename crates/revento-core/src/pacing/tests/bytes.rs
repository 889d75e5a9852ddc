//! Budgets as bytes.

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn bytes_keep_everything(steps in prop::collection::vec((0..4u8, 0..90_000_000i64), 0..80), slack in 0..5u64) {
        let limits = RateLimits::new(40, 10, 5).with_slack(Duration::from_secs(slack));
        let mut budget = Budget::new(limits);
        let (mut now, mut tickets) = (0, Vec::new());
        for (what, later) in steps {
            now += later;
            if let Decision::Go(ticket) = budget.try_acquire(at(now)) {
                tickets.push(ticket);
            }
            let Some(ticket) = tickets.pop() else { continue };
            let mut headers = RateLimitHeaders::read(200, "", |_| None, at(now));
            match what {
                0 => budget.unsent(ticket),
                1 => budget.abandon(ticket, at(now)),
                2 => {
                    headers.outcome = CallOutcome::ConcurrencyLimited;
                    budget.complete(ticket, at(now), &headers);
                }
                _ => budget.complete(ticket, at(now), &headers),
            }
            prop_assert_eq!(Budget::from_bytes(&budget.to_bytes()), Some(budget.clone()));
        }
    }

    #[test]
    fn any_bytes_are_a_budget_or_none(
        mut bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(0xff), 0..4u8], 0..60),
        now: i64,
    ) {
        if let Some(first) = bytes.first_mut() {
            *first = 2;
        }
        if let Some(mut budget) = Budget::from_bytes(&bytes) {
            let now = Timestamp::from_unix_micros(now);
            if let Decision::Go(ticket) = budget.try_acquire(now) {
                budget.complete(ticket, now, &RateLimitHeaders::read(429, "", |_| Some("7"), now));
            }
            let _ = (budget.idle_at(), budget.remaining(now), budget.ready_at(3, now));
        }
    }
}
