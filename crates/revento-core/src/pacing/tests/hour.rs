//! Headers that always mean the hour (contract §3.6).

use super::{
    platform::{Answer, date},
    *,
};

/// An answer of this time whose headers say what remains of the hour, and when it is reset.
fn answer(now: i64, remaining: i64, reset: i64) -> Answer {
    Answer {
        status: 200,
        error: "",
        limit: 500,
        remaining,
        reset: START / SECOND + reset,
        retry_after: None,
        date: Some(date(START + now)),
    }
}

fn call(budget: &mut Budget, now: i64, answer: &Answer) {
    let Decision::Go(ticket) = budget.try_acquire(at(now)) else {
        panic!("a call may go at {now}")
    };
    budget.complete(ticket, at(now), &answer.headers(now));
}

/// Spends the whole hour within 17 minutes and 20 seconds.
fn spent(reset: i64) -> Budget {
    let mut budget = Budget::new(limits::INSTALLATION_RATE_LIMITS);
    for number in 0..500 {
        let now = number * 2080 * SECOND / 1000;
        call(&mut budget, now, &answer(now, 499 - number, reset));
    }
    assert_eq!(budget.limits(), limits::INSTALLATION_RATE_LIMITS);
    budget
}

#[test]
fn h31_after_the_hours_reset_the_whole_budget_is_there() {
    let mut budget = spent(1200);
    let now = 1040 * SECOND;
    let Decision::Wait(wait) = budget.try_acquire(at(now)) else {
        panic!("the hour is spent")
    };
    assert_eq!(wait.limited_by, LimitedBy::Hour);
    let waits = seconds(&wait, now);
    assert!((159..=163).contains(&waits), "until the reset: {waits}");
    let after = now + (waits as i64 + 1) * SECOND;
    call(&mut budget, after, &answer(after, 499, 1200 + 3600));
    assert!(
        budget.remaining(at(after)).hour >= 490,
        "{:?}",
        budget.remaining(at(after))
    );
    for number in 1..25 {
        let now = after + number * SECOND / 10;
        call(&mut budget, now, &answer(now, 499 - number, 1200 + 3600));
    }
}

#[test]
fn h31_a_rolling_hour_is_survived_too() {
    let mut budget = spent(3600);
    let now = 1040 * SECOND;
    let Decision::Wait(wait) = budget.try_acquire(at(now)) else {
        panic!("the hour is spent")
    };
    let waits = seconds(&wait, now);
    assert!((2555..=2565).contains(&waits), "{waits}");
    // Only the oldest call has left the hour, and the headers say so.
    let after = now + (waits as i64 + 1) * SECOND;
    call(&mut budget, after, &answer(after, 0, 3602));
    assert!(
        budget.remaining(at(after)).hour <= 3,
        "{:?}",
        budget.remaining(at(after))
    );
}

#[test]
fn h31_a_spent_minute_leaves_the_hour_as_it_is() {
    let mut budget = Budget::new(limits::INSTALLATION_RATE_LIMITS);
    let Decision::Go(ticket) = budget.try_acquire(at(0)) else {
        panic!()
    };
    let refusal = Answer {
        status: 429,
        error: "rate_limit_exceeded",
        retry_after: Some("20".to_owned()),
        ..answer(0, 400, 1800)
    };
    budget.complete(ticket, at(0), &refusal.headers(0));
    let Decision::Wait(wait) = budget.try_acquire(at(0)) else {
        panic!()
    };
    assert_eq!((wait.limited_by, seconds(&wait, 0)), (LimitedBy::RetryAfter, 20));
    assert_eq!(
        budget.remaining(at(0)).hour,
        400,
        "others have spent a part of it"
    );
    assert!(matches!(budget.try_acquire(at(20 * SECOND)), Decision::Go(_)));
}

#[test]
fn h31_too_many_calls_at_once_have_no_headers_and_change_no_count() {
    let mut budget = Budget::new(limits::INSTALLATION_RATE_LIMITS);
    let mut tickets = Vec::new();
    while let Decision::Go(ticket) = budget.try_acquire(at(0)) {
        tickets.push(ticket);
    }
    assert_eq!(tickets.len(), 5);
    let headers = RateLimitHeaders::read(429, "concurrent_limit_exceeded", |_| None, at(0));
    assert_eq!(headers.outcome(), CallOutcome::ConcurrencyLimited);
    budget.complete(tickets.pop().unwrap(), at(0), &headers);
    assert_eq!(budget.limits(), limits::INSTALLATION_RATE_LIMITS);
    let Decision::Wait(wait) = budget.try_acquire(at(0)) else {
        panic!("four calls are in flight")
    };
    assert_eq!(wait.limited_by, LimitedBy::InFlight);
    // The end of one of the other calls is enough.
    budget.complete(
        tickets.pop().unwrap(),
        at(SECOND / 10),
        &answer(0, 499, 3600).headers(0),
    );
    assert!(matches!(budget.try_acquire(at(SECOND / 10)), Decision::Go(_)));
    assert_eq!(budget.remaining(at(SECOND / 10)).hour, 500 - 1 - 4);
}
