//! What the platform's headers change, and what no header can cause.

use super::{platform::Answer, *};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a9_no_header_makes_it_panic_or_wait_for_longer_than_an_hour(
        answers in prop::collection::vec((prop_oneof![Just(200u16), Just(429)], prop::array::uniform5(value())), 1..20),
        now in prop_oneof![Just(0i64), any::<i64>()],
    ) {
        let mut budget = Budget::new(limits::USER_RATE_LIMITS);
        let now = Timestamp::from_unix_micros(now / 2);
        for (status, [limit, remaining, reset, retry, date]) in &answers {
            let Decision::Go(ticket) = budget.try_acquire(now) else { break };
            let header = |name: &str| Some(match name {
                "x-ratelimit-limit" => limit.as_str(),
                "x-ratelimit-remaining" => remaining,
                "x-ratelimit-reset" => reset,
                "retry-after" => retry,
                _ => date,
            });
            budget.complete(ticket, now, &RateLimitHeaders::read(*status, "", header, now));
            let _ = (budget.remaining(now), budget.ready_at(1, now), budget.idle_at());
        }
        if let Decision::Wait(wait) = budget.try_acquire(now) {
            prop_assert!(wait.until.saturating_since(now).as_secs() <= 3601, "{wait:?}");
        }
    }
}

/// The text of a header, valid or not.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        (0..600i64).prop_map(|number| number.to_string()),
        Just("Sun, 06 Nov 1994 08:49:37 GMT".to_owned()),
        "\\PC{0,12}",
    ]
}

#[test]
fn a19_a_smaller_count_of_the_platform_wins() {
    let limits = limits::INSTALLATION_RATE_LIMITS;
    let mut budget = Budget::new(limits);
    let mut now = 0;
    let call = |budget: &mut Budget, now: i64, remaining: i64| {
        let Decision::Go(ticket) = budget.try_acquire(at(now)) else {
            return false;
        };
        let answer = Answer {
            status: 200,
            error: "",
            limit: 30,
            remaining,
            reset: (START + now) / SECOND + 30,
            retry_after: None,
            date: None,
        };
        budget.complete(ticket, at(now), &answer.headers(now));
        true
    };
    for left in (0..30).rev() {
        assert!(call(&mut budget, now, left.max(1)));
        now += SECOND / 5;
    }
    // The platform starts a new window: this call is the first that it counts.
    let mut budget_after = budget.clone();
    now += 30 * SECOND;
    assert!(call(&mut budget_after, now, 29));
    assert!(
        budget_after.remaining(at(now)).minute > 25,
        "{:?}",
        budget_after.remaining(at(now))
    );
    // The hour keeps its count.
    assert_eq!(budget_after.remaining(at(now)).hour, 500 - 31);
}

#[test]
fn a19_another_limit_is_taken_over() {
    let mut budget = Budget::new(limits::INSTALLATION_RATE_LIMITS);
    let Decision::Go(ticket) = budget.try_acquire(at(0)) else {
        panic!()
    };
    let answer = Answer {
        status: 200,
        error: "",
        limit: 10,
        remaining: 9,
        reset: START / SECOND + 60,
        retry_after: None,
        date: None,
    };
    budget.complete(ticket, at(0), &answer.headers(0));
    assert_eq!(budget.limits().per_minute, 10);
    assert_eq!(budget.limits().per_hour, 500);
    assert_eq!(budget.remaining(at(0)).minute, 9);
}

#[test]
fn a9_an_impossible_reset_costs_a_short_pause_only() {
    for reset in [0, -5, i64::MAX, i64::MIN, START / SECOND + 100_000] {
        let mut budget = Budget::new(limits::INSTALLATION_RATE_LIMITS);
        let Decision::Go(ticket) = budget.try_acquire(at(0)) else {
            panic!()
        };
        let answer = Answer {
            status: 200,
            error: "",
            limit: 30,
            remaining: 0,
            reset,
            retry_after: None,
            date: None,
        };
        budget.complete(ticket, at(0), &answer.headers(0));
        let Decision::Wait(wait) = budget.try_acquire(at(0)) else {
            panic!("{reset}")
        };
        assert_eq!(
            (wait.limited_by, seconds(&wait, 0)),
            (LimitedBy::RetryAfter, 1),
            "{reset}"
        );
        assert!(
            matches!(budget.try_acquire(at(SECOND)), Decision::Go(_)),
            "{reset}"
        );
    }
}

#[test]
fn a19_nothing_left_of_an_unknown_limit_costs_a_short_pause() {
    let mut budget = Budget::new(limits::INSTALLATION_RATE_LIMITS);
    let Decision::Go(ticket) = budget.try_acquire(at(0)) else {
        panic!()
    };
    let header = |name| (name == "x-ratelimit-remaining").then_some("0");
    budget.complete(ticket, at(0), &RateLimitHeaders::read(200, "", header, at(0)));
    let Decision::Wait(wait) = budget.try_acquire(at(0)) else {
        panic!()
    };
    assert_eq!((wait.limited_by, seconds(&wait, 0)), (LimitedBy::RetryAfter, 1));
    assert!(matches!(budget.try_acquire(at(SECOND)), Decision::Go(_)));
}

#[test]
fn a9_a_clock_that_went_back_causes_no_long_wait() {
    let mut budget = Budget::new(limits::INSTALLATION_RATE_LIMITS);
    for _ in 0..30 {
        let Decision::Go(ticket) = budget.try_acquire(at(0)) else {
            panic!()
        };
        budget.complete(ticket, at(0), &RateLimitHeaders::read(200, "", |_| None, at(0)));
    }
    let back = -100_000 * SECOND;
    let Decision::Wait(wait) = budget.try_acquire(at(back)) else {
        panic!()
    };
    assert_eq!((wait.limited_by, seconds(&wait, back)), (LimitedBy::Minute, 60));
}

#[test]
fn a7_the_whole_token_waits_as_long_as_the_platform_asks() {
    let mut budget = Budget::new(limits::USER_RATE_LIMITS);
    let Decision::Go(ticket) = budget.try_acquire(at(0)) else {
        panic!()
    };
    let headers = RateLimitHeaders::read(
        429,
        "rate_limit_exceeded",
        |name| (name == "retry-after").then_some("17"),
        at(0),
    );
    budget.complete(ticket, at(0), &headers);
    let Decision::Wait(wait) = budget.try_acquire(at(0)) else {
        panic!()
    };
    assert_eq!((wait.limited_by, seconds(&wait, 0)), (LimitedBy::RetryAfter, 17));
    assert_eq!(budget.ready_at(0, at(0)), wait.until);
}
