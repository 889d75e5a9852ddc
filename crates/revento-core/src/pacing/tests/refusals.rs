//! No refusals, and no lost time.

use super::{
    platform::Platform,
    runs::{Store, ideal, run, run_shared},
    *,
};

#[test]
fn a16_a_thousand_calls_get_no_refusal_and_finish_in_time() {
    let limits = limits::INSTALLATION_RATE_LIMITS;
    let mut platform = Platform::new(limits);
    let mut budgets = [Budget::new(limits)];
    let run = run(&mut platform, &mut budgets, 1000, &[(20, 20), (5, 90), (130, 10)]);
    assert_eq!(run.refusals, 0);
    let best = ideal(limits, 1000);
    assert_eq!(best, 4560 * SECOND);
    assert!(run.finished <= best / 100 * 105, "{} s", run.finished / SECOND);
}
proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a16_whatever_the_network_does_there_is_no_refusal(
        delays in prop::collection::vec((0..3000i64, 0..3000i64), 1..40),
        user: bool,
        skew in -100_000..100_000i64,
        date: bool,
    ) {
        let limits = if user { limits::USER_RATE_LIMITS } else { limits::INSTALLATION_RATE_LIMITS };
        let mut platform = Platform::new(limits);
        (platform.skew, platform.date) = (skew * 1_000_000, date);
        let run = run(&mut platform, &mut [Budget::new(limits)], 230, &delays);
        prop_assert_eq!(run.refusals, 0);
    }

    #[test]
    fn a16_whatever_the_network_does_no_time_is_lost(
        delays in prop::collection::vec((0..900i64, 0..900i64), 1..40),
        skew in -100_000..100_000i64,
        date: bool,
    ) {
        let limits = RateLimits::new(50, 10, 5);
        let mut platform = Platform::new(limits);
        (platform.skew, platform.date) = (skew * 1_000_000, date);
        let run = run(&mut platform, &mut [Budget::new(limits)], 100, &delays);
        prop_assert_eq!(run.refusals, 0);
        let best = ideal(limits, 100);
        // A reset is relative to the answer's `Date`. Without a date the reset of a wrong clock is waited for, as long as
        // it is possible.
        let misread = if date || skew.abs() > 3600 { 0 } else { skew.abs() * SECOND };
        let bound = best / 100 * 105 + misread;
        prop_assert!(run.finished <= bound, "{} s, {} s", run.finished / SECOND, best / SECOND);
    }

    #[test]
    fn a17_replicas_whose_clocks_differ_a_little_get_no_refusal(
        delays in prop::collection::vec((0..900i64, 0..900i64), 1..40),
        skew in -499..499i64,
        date: bool,
    ) {
        let limits = RateLimits::new(50, 10, 5);
        let mut platform = Platform::new(limits);
        platform.date = date;
        let slack = Duration::from_millis(500);
        let run = run_shared(&mut platform, &mut Store::new(limits.with_slack(slack)), skew, 100, &delays);
        prop_assert_eq!(run.refusals, 0);
        let best = ideal(limits, 100);
        prop_assert!(run.finished <= best / 100 * 105, "{} s, {} s", run.finished / SECOND, best / SECOND);
    }
}

#[test]
fn a17_calls_of_others_show_in_the_headers() {
    let limits = limits::INSTALLATION_RATE_LIMITS;
    let mut platform = Platform::new(limits);
    // Another process made 28 of 30 calls ten seconds ago.
    platform.calls = vec![-10 * SECOND; 28];
    let run = run(&mut platform, &mut [Budget::new(limits)], 40, &[(20, 20)]);
    // The first answer shows them.
    assert!(run.refusals <= 4, "{}", run.refusals);
    assert!(run.finished < 112 * SECOND, "{}", run.finished / SECOND);
}
