//! Replicas that cannot share their budget for a while.

use super::{
    platform::Platform,
    runs::{Store, run_shared},
    *,
};

fn go(budget: &mut Budget, now: i64) -> Ticket {
    match budget.try_acquire(at(now)) {
        Decision::Go(ticket) => ticket,
        Decision::Wait(wait) => panic!("{wait:?}"),
    }
}

fn answered(budget: &mut Budget, ticket: Ticket, now: i64) {
    budget.complete(
        ticket,
        at(now),
        &RateLimitHeaders::read(200, "", |_| None, at(now)),
    );
}

/// The remaining calls of the minute, and in flight.
fn remaining(budget: &Budget, now: i64) -> (u32, u32) {
    let remaining = budget.remaining(at(now));
    (remaining.minute, remaining.in_flight)
}

#[test]
fn a17_calls_of_detached_replicas_are_merged_once() {
    let mut shared = Budget::new(limits::INSTALLATION_RATE_LIMITS);
    let before = go(&mut shared, 0);
    let (mut one, mut two) = (shared.clone(), shared.clone());
    // The first replica ends an earlier call, makes another and has a third in flight.
    one.detach(1000, |budget| answered(budget, before, SECOND));
    let call = go(&mut one, SECOND);
    answered(&mut one, call, 2 * SECOND);
    let in_flight = go(&mut one, 2 * SECOND);
    // The second replica makes one call, and one that is never sent.
    let call = two.detach(2000, |budget| go(budget, SECOND));
    answered(&mut two, call, 2 * SECOND);
    let unsent = go(&mut two, 2 * SECOND);
    two.unsent(unsent);
    let mut merged = two.merge(one.merge(shared));
    assert!(!merged.is_detached());
    assert_eq!(remaining(&merged, 3 * SECOND), (30 - 4, 4));
    // The merged budget takes a ticket of a detached one.
    answered(&mut merged, in_flight, 3 * SECOND);
    assert_eq!(remaining(&merged, 3 * SECOND), (30 - 4, 5));
}

#[test]
fn a17_a_change_whose_answer_was_lost_is_not_made_twice() {
    let shared = Budget::new(limits::INSTALLATION_RATE_LIMITS);
    // The compare-and-swap arrived, its answer did not.
    let mut written = shared.clone();
    let mut mine = shared.clone();
    let _ = go(&mut written, 0);
    let ticket = mine.detach(1000, |budget| go(budget, 0));
    assert_eq!(remaining(&mine.merge(written.clone()), 0), (29, 4));
    assert_eq!(remaining(&mine.merge(shared.clone()), 0), (29, 4));
    answered(&mut mine, ticket, SECOND);
    assert_eq!(remaining(&mine.merge(written.clone()), SECOND), (29, 5));
    assert_eq!(remaining(&mine.merge(shared), SECOND), (29, 5));
    // The same with the end of a call.
    let mut mine = written.clone();
    answered(&mut written, ticket, SECOND);
    mine.detach(1000, |budget| answered(budget, ticket, SECOND));
    assert_eq!(remaining(&mine.merge(written), SECOND), (29, 5));
}

#[test]
fn a17_a_call_lost_while_detached_leaves_the_shared_budget() {
    let mut shared = Budget::new(limits::INSTALLATION_RATE_LIMITS);
    let ticket = go(&mut shared, 0);
    let mut mine = shared.clone();
    mine.detach(1000, |budget| budget.abandon(ticket, at(0)));
    // It is in flight for as long as it may be, and not for the whole lease.
    assert_eq!(remaining(&mine.merge(shared.clone()), 4 * SECOND), (29, 4));
    assert_eq!(remaining(&mine.merge(shared.clone()), 6 * SECOND).1, 5);
    // When its lease expires here, it counts once.
    let _ = go(&mut mine, 6 * SECOND);
    assert_eq!(remaining(&mine.merge(shared), 7 * SECOND), (28, 4));
}

#[test]
fn a18_a_detached_budget_forgets_calls_that_no_longer_count() {
    let mut budget = Budget::new(limits::INSTALLATION_RATE_LIMITS);
    budget.detach(1000, |_| ());
    let mut now = 0;
    for _ in 0..3000 {
        let ticket = loop {
            match budget.try_acquire(at(now)) {
                Decision::Go(ticket) => break ticket,
                Decision::Wait(wait) => now = wait.until.unix_micros() - START,
            }
        };
        answered(&mut budget, ticket, now);
    }
    assert!(budget.size_in_memory() < 40_000, "{}", budget.size_in_memory());
    budget.forget_ended();
    assert_eq!(
        budget
            .merge(Budget::new(limits::INSTALLATION_RATE_LIMITS))
            .log
            .len(),
        0
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a17_replicas_that_lose_each_other_for_a_while_get_few_refusals_and_soon_none(
        delays in prop::collection::vec((0..900i64, 0..900i64), 1..40),
        from in 0..90i64,
        length in 0..150i64,
    ) {
        let limits = limits::INSTALLATION_RATE_LIMITS.with_slack(Duration::from_millis(500));
        let mut platform = Platform::new(limits);
        let until = (from + length) * SECOND;
        let mut store = Store::new(limits).away(from * SECOND, until);
        let run = run_shared(&mut platform, &mut store, 0, 180, &delays);
        let minutes = usize::try_from(length / 60 + 1).unwrap();
        prop_assert!(run.refusals <= 8 * minutes, "{run:?}");
        // A waiting replica merges when its wait is over.
        prop_assert!(run.last_refusal <= until + 65 * SECOND, "{run:?}");
        let best = super::runs::ideal(limits, 180);
        // At most one window is lost to calls that both replicas counted.
        prop_assert!(run.finished <= best / 100 * 105 + 62 * SECOND, "{run:?}");
    }
}
