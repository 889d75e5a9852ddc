//! Calls in flight, idle budgets, and the length of a queue.

use super::{runs::ideal, *};

#[test]
fn a8_a_concurrency_limit_waits_for_a_call_in_flight() {
    let mut budget = Budget::new(limits::INSTALLATION_RATE_LIMITS);
    let mut tickets: Vec<Ticket> = Vec::new();
    for _ in 0..3 {
        let Decision::Go(ticket) = budget.try_acquire(at(0)) else {
            panic!()
        };
        tickets.push(ticket);
    }
    let too_many = RateLimitHeaders::read(429, "concurrent_limit_exceeded", |_| None, at(0));
    budget.complete(tickets.pop().unwrap(), at(0), &too_many);
    let Decision::Wait(wait) = budget.try_acquire(at(0)) else {
        panic!()
    };
    assert_eq!(wait.limited_by, LimitedBy::InFlight);
    let answered = RateLimitHeaders::read(200, "", |_| None, at(SECOND));
    budget.complete(tickets.pop().unwrap(), at(SECOND), &answered);
    assert!(matches!(budget.try_acquire(at(SECOND)), Decision::Go(_)));
    // Without another call in flight there is a short pause, and later five calls at once again.
    let mut budget = Budget::new(limits::INSTALLATION_RATE_LIMITS);
    let Decision::Go(ticket) = budget.try_acquire(at(0)) else {
        panic!()
    };
    budget.complete(ticket, at(0), &too_many);
    let Decision::Wait(wait) = budget.try_acquire(at(0)) else {
        panic!()
    };
    assert_eq!((wait.limited_by, seconds(&wait, 0)), (LimitedBy::RetryAfter, 1));
    assert_eq!(budget.remaining(at(0)).minute, 30, "a refused call costs nothing");
}

#[test]
fn a8_a_concurrency_limit_with_a_pause_waits_for_it() {
    let mut budget = Budget::new(limits::INSTALLATION_RATE_LIMITS);
    let Decision::Go(ticket) = budget.try_acquire(at(0)) else {
        panic!()
    };
    let header = |name| (name == "retry-after").then_some("91");
    let too_many = RateLimitHeaders::read(429, "concurrent_limit_exceeded", header, at(0));
    budget.complete(ticket, at(0), &too_many);
    let Decision::Wait(wait) = budget.try_acquire(at(0)) else {
        panic!()
    };
    assert_eq!((wait.limited_by, seconds(&wait, 0)), (LimitedBy::RetryAfter, 91));
}

#[test]
fn lost_calls_leave_the_calls_in_flight() {
    let mut budget = Budget::new(limits::INSTALLATION_RATE_LIMITS);
    for _ in 0..5 {
        let Decision::Go(ticket) = budget.try_acquire(at(0)) else {
            panic!()
        };
        budget.abandon(ticket, at(0));
    }
    let Decision::Wait(wait) = budget.try_acquire(at(0)) else {
        panic!()
    };
    assert_eq!((wait.limited_by, seconds(&wait, 0)), (LimitedBy::InFlight, 5));
    assert!(matches!(budget.try_acquire(at(5 * SECOND)), Decision::Go(_)));
    assert_eq!(
        budget.remaining(at(5 * SECOND)).minute,
        24,
        "they may have arrived"
    );
}

#[test]
fn a18_an_idle_budget_takes_no_memory_and_says_when_it_is_idle() {
    let mut budget = Budget::new(limits::INSTALLATION_RATE_LIMITS);
    let empty = budget.size_in_memory();
    assert!(empty < 256, "{empty}");
    let Decision::Go(ticket) = budget.try_acquire(at(0)) else {
        panic!()
    };
    assert!(budget.idle_at() > at(3600 * SECOND), "a call is in flight");
    budget.complete(ticket, at(0), &RateLimitHeaders::read(200, "", |_| None, at(0)));
    assert_eq!(budget.idle_at(), at(3600 * SECOND));
    assert!(budget.size_in_memory() < empty + 256);
}

#[test]
fn the_last_of_a_queue_knows_when_it_can_go() {
    let limits = limits::INSTALLATION_RATE_LIMITS;
    let budget = Budget::new(limits);
    assert_eq!(budget.ready_at(0, at(0)), at(0));
    assert_eq!(budget.ready_at(29, at(0)), at(0));
    assert_eq!(budget.ready_at(30, at(0)), at(60 * SECOND));
    assert_eq!(budget.ready_at(999, at(0)), at(ideal(limits, 1000)));
    // Skipping whole periods changes no result, with either window as the tighter one.
    for limits in [limits, RateLimits::new(7, 3, 5), RateLimits::new(600, 2, 5)] {
        for calls in [1, 13, 100, 1234, 2500] {
            let ready = Budget::new(limits).ready_at(calls - 1, at(0));
            assert_eq!(ready, at(ideal(limits, calls)), "{limits:?} {calls}");
        }
    }
    // A million pages, and the largest number.
    assert!(budget.ready_at(1_000_000, at(0)) > at(1999 * 3600 * SECOND));
    assert!(budget.ready_at(usize::MAX, at(0)) > at(0));
}

#[test]
fn a_forecast_names_the_limit_that_causes_most_of_the_wait() {
    let limited_by = |budget: &Budget, ahead| budget.forecast(ahead, at(0)).map(|wait| wait.limited_by);
    let budget = Budget::new(limits::INSTALLATION_RATE_LIMITS);
    assert_eq!(limited_by(&budget, 29), None);
    assert_eq!(limited_by(&budget, 30), Some(LimitedBy::Minute));
    assert_eq!(
        limited_by(&budget, 499),
        Some(LimitedBy::Minute),
        "16 minutes, no hour"
    );
    assert_eq!(limited_by(&budget, 500), Some(LimitedBy::Hour));
    assert_eq!(limited_by(&budget, 100_000), Some(LimitedBy::Hour));
    let mut refused = Budget::new(limits::INSTALLATION_RATE_LIMITS);
    let Decision::Go(ticket) = refused.try_acquire(at(0)) else {
        panic!("nothing is spent")
    };
    let header = |name| (name == "retry-after").then_some("30");
    let headers = RateLimitHeaders::read(429, "rate_limit_exceeded", header, at(0));
    refused.complete(ticket, at(0), &headers);
    assert_eq!(limited_by(&refused, 0), Some(LimitedBy::RetryAfter));
}
