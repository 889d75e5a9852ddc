//! The machine against a platform that counts by the contract, over a network that delays.

use std::{cmp::Reverse, collections::BinaryHeap};

use proptest::prelude::*;

use super::*;
use crate::Timestamp;

const START: i64 = 1_778_336_551_000_000;
const SECOND: i64 = 1_000_000;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_unix_micros(START + micros)
}

fn seconds(wait: &Wait, now: i64) -> u64 {
    wait.until.saturating_since(at(now)).as_secs()
}

/// What the platform does (contract §3.6): counts when a call arrives.
struct Platform {
    limits: Limits,
    calls: Vec<i64>,
    in_flight: u32,
    /// By how much its clock is ahead.
    skew: i64,
    date: bool,
}

impl Platform {
    fn new(limits: Limits) -> Self {
        Self {
            limits,
            calls: Vec::new(),
            in_flight: 0,
            skew: 0,
            date: true,
        }
    }

    /// Status, error, headers.
    fn arrive(&mut self, now: i64) -> Answer {
        let (minute, hour) = (self.window(now, 60), self.window(now, 3600));
        let minute_left = i64::from(self.limits.per_minute) - minute.0;
        let hour_left = i64::from(self.limits.per_hour) - hour.0;
        let (limit, left, reset) = if hour_left < minute_left {
            (self.limits.per_hour, hour_left, hour.1)
        } else {
            (self.limits.per_minute, minute_left, minute.1)
        };
        let clock = START + now + self.skew;
        let mut answer = Answer {
            status: 429,
            error: "",
            limit,
            remaining: left.max(0),
            reset: (START + reset + self.skew + SECOND - 1).div_euclid(SECOND),
            retry_after: None,
            date: self
                .date
                .then(|| jiff::fmt::rfc2822::to_string(&zoned(clock)).unwrap()),
        };
        if self.in_flight >= self.limits.in_flight {
            answer.error = "concurrent_limit_exceeded";
        } else if left <= 0 {
            answer.error = "rate_limit_exceeded";
            answer.retry_after = Some(((reset - now) / SECOND + 1).to_string());
        } else {
            answer.status = 200;
            answer.remaining -= 1;
            self.calls.push(now);
            self.in_flight += 1;
        }
        answer
    }

    /// How many calls, and when the first of them leaves.
    fn window(&self, now: i64, length: i64) -> (i64, i64) {
        let inside = self.calls.iter().filter(|call| **call + length * SECOND > now);
        (
            inside.clone().count() as i64,
            inside.min().unwrap_or(&now) + length * SECOND,
        )
    }
}

fn zoned(micros: i64) -> jiff::Zoned {
    jiff::Timestamp::from_microsecond(micros)
        .unwrap()
        .to_zoned(jiff::tz::TimeZone::UTC)
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Answer {
    status: u16,
    error: &'static str,
    limit: u32,
    remaining: i64,
    reset: i64,
    retry_after: Option<String>,
    date: Option<String>,
}

impl Answer {
    fn told(&self, now: i64) -> Told {
        let numbers = [self.limit.into(), self.remaining, self.reset].map(|number| number.to_string());
        let [limit, remaining, reset] = &numbers;
        let header = |name: &str| match name {
            "x-ratelimit-limit" => Some(limit.as_str()),
            "x-ratelimit-remaining" => Some(remaining.as_str()),
            "x-ratelimit-reset" => Some(reset.as_str()),
            "retry-after" => self.retry_after.as_deref(),
            "date" => self.date.as_deref(),
            _ => None,
        };
        Told::read(self.status, self.error, header, at(now))
    }
}

/// Something that happens.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happens {
    Arrives(usize),
    Answered(usize, Answer),
    Ask(usize),
}

/// What came of a queue of calls.
struct Run {
    refusals: usize,
    finished: i64,
}

/// So many calls through `budgets` (replicas that share nothing but the platform's headers if there are several), each
/// there and back after the delays (milliseconds).
fn run(platform: &mut Platform, budgets: &mut [Budget], calls: usize, delays: &[(i64, i64)]) -> Run {
    let mut queue = BinaryHeap::new();
    let replicas = budgets.len();
    for replica in 0..replicas {
        queue.push(Reverse((0, Happens::Ask(replica))));
    }
    let mut tickets: Vec<(usize, Ticket)> = Vec::new();
    let before = platform.calls.len();
    let mut todo = vec![calls / replicas; replicas];
    let mut run = Run {
        refusals: 0,
        finished: 0,
    };
    let delay = |call: usize| delays[call % delays.len()];
    while let Some(Reverse((now, happens))) = queue.pop() {
        match happens {
            Happens::Ask(replica) => {
                while todo[replica] > 0 {
                    match budgets[replica].ask(at(now)) {
                        Ruling::Go(ticket) => {
                            todo[replica] -= 1;
                            let call = tickets.len();
                            tickets.push((replica, ticket));
                            queue.push(Reverse((now + delay(call).0 * 1000, Happens::Arrives(call))));
                        }
                        Ruling::Wait(wait) => {
                            let until = wait.until.unix_micros() - START;
                            assert!(until > now, "a wait that is none: {wait:?}");
                            queue.push(Reverse((until, Happens::Ask(replica))));
                            break;
                        }
                    }
                }
            }
            Happens::Arrives(call) => {
                let answer = platform.arrive(now);
                queue.push(Reverse((
                    now + delay(call).1 * 1000,
                    Happens::Answered(call, answer),
                )));
            }
            Happens::Answered(call, answer) => {
                let (replica, ticket) = tickets[call];
                if answer.status == 200 {
                    platform.in_flight -= 1;
                    run.finished = now;
                } else {
                    run.refusals += 1;
                    todo[replica] += 1;
                }
                budgets[replica].done(ticket, at(now), &answer.told(now));
                queue.push(Reverse((now, Happens::Ask(replica))));
            }
        }
    }
    assert_eq!(platform.calls.len() - before, calls, "every call came through");
    run
}

/// When the budgets let the last of so many calls go.
fn ideal(limits: Limits, calls: usize) -> i64 {
    let mut times: Vec<i64> = Vec::new();
    for call in 0..calls {
        let after = |limit: u32, length: i64| {
            let before = call.checked_sub(limit as usize);
            before.map_or(0, |before| times[before] + length * SECOND)
        };
        times.push(after(limits.per_minute, 60).max(after(limits.per_hour, 3600)));
    }
    times[calls - 1]
}

#[test]
fn a16_a_thousand_calls_get_no_refusal_and_finish_in_time() {
    let limits = limits::INSTALLATION_BUDGETS;
    let mut platform = Platform::new(limits);
    let mut budgets = [Budget::new(limits)];
    let run = run(&mut platform, &mut budgets, 1000, &[(20, 20), (5, 90), (130, 10)]);
    assert_eq!(run.refusals, 0);
    let best = ideal(limits, 1000);
    assert_eq!(best, 4560 * SECOND);
    assert!(run.finished <= best / 100 * 105, "{} s", run.finished / SECOND);
}

/// Two replicas whose clocks differ (milliseconds), on one budget that travels between them as bytes.
fn run_shared(
    platform: &mut Platform,
    limits: Limits,
    skew: i64,
    calls: usize,
    delays: &[(i64, i64)],
) -> Run {
    let mut shared = Budget::new(limits).to_bytes();
    let clock = |replica: usize, now: i64| at(now + if replica == 0 { 0 } else { skew * 1000 });
    let mut queue = BinaryHeap::from([Reverse((0, Happens::Ask(0))), Reverse((0, Happens::Ask(1)))]);
    let mut tickets: Vec<(usize, Ticket)> = Vec::new();
    let mut run = Run {
        refusals: 0,
        finished: 0,
    };
    while let Some(Reverse((now, happens))) = queue.pop() {
        let mut budget = Budget::from_bytes(&shared).unwrap();
        match happens {
            Happens::Ask(replica) if tickets.len() < calls + run.refusals => {
                match budget.ask(clock(replica, now)) {
                    Ruling::Go(ticket) => {
                        let call = tickets.len();
                        tickets.push((replica, ticket));
                        let there = delays[call % delays.len()].0;
                        queue.push(Reverse((now + there * 1000, Happens::Arrives(call))));
                        queue.push(Reverse((now, Happens::Ask(replica))));
                    }
                    Ruling::Wait(wait) => {
                        let pause = wait.until.saturating_since(clock(replica, now));
                        let pause = i64::try_from(pause.as_micros()).unwrap();
                        assert!(pause > 0, "a wait that is none: {wait:?}");
                        queue.push(Reverse((now + pause, Happens::Ask(replica))));
                    }
                }
            }
            Happens::Ask(_) => {}
            Happens::Arrives(call) => {
                let answer = platform.arrive(now);
                let back = delays[call % delays.len()].1;
                queue.push(Reverse((now + back * 1000, Happens::Answered(call, answer))));
            }
            Happens::Answered(call, answer) => {
                let (replica, ticket) = tickets[call];
                if answer.status == 200 {
                    platform.in_flight -= 1;
                    run.finished = now;
                } else {
                    run.refusals += 1;
                }
                let here = if replica == 0 { now } else { now + skew * 1000 };
                budget.done(ticket, at(here), &answer.told(here));
                queue.push(Reverse((now, Happens::Ask(replica))));
            }
        }
        shared = budget.to_bytes();
    }
    assert_eq!(platform.calls.len(), calls, "every call came through");
    run
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
        let limits = if user { limits::USER_BUDGETS } else { limits::INSTALLATION_BUDGETS };
        let mut platform = Platform::new(limits);
        (platform.skew, platform.date) = (skew * 1_000_000, date);
        let run = run(&mut platform, &mut [Budget::new(limits)], 230, &delays);
        prop_assert_eq!(run.refusals, 0);
    }

    #[test]
    fn a16_whatever_the_network_does_time_is_not_wasted(
        delays in prop::collection::vec((0..900i64, 0..900i64), 1..40),
        skew in -100_000..100_000i64,
        date: bool,
    ) {
        let limits = Limits::new(50, 10, 5);
        let mut platform = Platform::new(limits);
        (platform.skew, platform.date) = (skew * 1_000_000, date);
        let run = run(&mut platform, &mut [Budget::new(limits)], 100, &delays);
        prop_assert_eq!(run.refusals, 0);
        let best = ideal(limits, 100);
        prop_assert!(run.finished <= best / 100 * 105, "{} s, {} s", run.finished / SECOND, best / SECOND);
    }

    #[test]
    fn a17_replicas_whose_clocks_differ_a_little_get_no_refusal(
        delays in prop::collection::vec((0..900i64, 0..900i64), 1..40),
        skew in -499..499i64,
        date: bool,
    ) {
        let limits = Limits::new(50, 10, 5);
        let mut platform = Platform::new(limits);
        platform.date = date;
        let slack = Duration::from_millis(500);
        let run = run_shared(&mut platform, limits.with_slack(slack), skew, 100, &delays);
        prop_assert_eq!(run.refusals, 0);
        let best = ideal(limits, 100);
        prop_assert!(run.finished <= best / 100 * 105, "{} s, {} s", run.finished / SECOND, best / SECOND);
    }

    #[test]
    fn bytes_keep_everything(steps in prop::collection::vec((0..4u8, 0..90_000_000i64), 0..80), slack in 0..5u64) {
        let limits = Limits::new(40, 10, 5).with_slack(Duration::from_secs(slack));
        let mut budget = Budget::new(limits);
        let (mut now, mut tickets) = (0, Vec::new());
        for (what, later) in steps {
            now += later;
            if let Ruling::Go(ticket) = budget.ask(at(now)) {
                tickets.push(ticket);
            }
            let Some(ticket) = tickets.pop() else { continue };
            let mut told = Told::read(200, "", |_| None, at(now));
            match what {
                0 => budget.unsent(ticket),
                1 => budget.lost(ticket, at(now)),
                2 => {
                    told.outcome = Outcome::TooManyAtOnce;
                    budget.done(ticket, at(now), &told);
                }
                _ => budget.done(ticket, at(now), &told),
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
            *first = 1;
        }
        if let Some(mut budget) = Budget::from_bytes(&bytes) {
            let now = Timestamp::from_unix_micros(now);
            if let Ruling::Go(ticket) = budget.ask(now) {
                budget.done(ticket, now, &Told::read(429, "", |_| Some("7"), now));
            }
            let _ = (budget.idle_at(), budget.left(now), budget.ready_at(3, now));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a9_no_header_makes_it_panic_or_wait_for_longer_than_an_hour(
        answers in prop::collection::vec((prop_oneof![Just(200u16), Just(429)], prop::array::uniform5(value())), 1..20),
        now in prop_oneof![Just(0i64), any::<i64>()],
    ) {
        let mut budget = Budget::new(limits::USER_BUDGETS);
        let now = Timestamp::from_unix_micros(now / 2);
        for (status, [limit, remaining, reset, retry, date]) in &answers {
            let Ruling::Go(ticket) = budget.ask(now) else { break };
            let header = |name: &str| Some(match name {
                "x-ratelimit-limit" => limit.as_str(),
                "x-ratelimit-remaining" => remaining,
                "x-ratelimit-reset" => reset,
                "retry-after" => retry,
                _ => date,
            });
            budget.done(ticket, now, &Told::read(*status, "", header, now));
            let _ = (budget.left(now), budget.ready_at(1, now), budget.idle_at());
        }
        if let Ruling::Wait(wait) = budget.ask(now) {
            prop_assert!(wait.until.saturating_since(now).as_secs() <= 3601, "{wait:?}");
        }
    }
}

/// What stands in a header, or ought not to.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        (0..600i64).prop_map(|number| number.to_string()),
        Just("Sun, 06 Nov 1994 08:49:37 GMT".to_owned()),
        "\\PC{0,12}",
    ]
}

#[test]
fn a17_a_use_by_others_is_learnt_from_the_headers() {
    let limits = limits::INSTALLATION_BUDGETS;
    let mut platform = Platform::new(limits);
    // Somebody else has spent 28 of 30, ten seconds ago.
    platform.calls = vec![-10 * SECOND; 28];
    let run = run(&mut platform, &mut [Budget::new(limits)], 40, &[(20, 20)]);
    // Before the first answer nobody could know.
    assert!(run.refusals <= 4, "{}", run.refusals);
    assert!(run.finished < 112 * SECOND, "{}", run.finished / SECOND);
}

#[test]
fn a19_a_platform_that_counts_less_is_believed() {
    let limits = limits::INSTALLATION_BUDGETS;
    let mut budget = Budget::new(limits);
    let mut now = 0;
    let call = |budget: &mut Budget, now: i64, remaining: i64| {
        let Ruling::Go(ticket) = budget.ask(at(now)) else {
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
        budget.done(ticket, at(now), &answer.told(now));
        true
    };
    for left in (0..30).rev() {
        assert!(call(&mut budget, now, left.max(1)));
        now += SECOND / 5;
    }
    // It went over to a new window of its own: this call is the first that it counts.
    let mut budget_after = budget.clone();
    now += 30 * SECOND;
    assert!(call(&mut budget_after, now, 29));
    assert!(
        budget_after.left(at(now)).minute > 25,
        "{:?}",
        budget_after.left(at(now))
    );
    // The hour is not forgotten with it.
    assert_eq!(budget_after.left(at(now)).hour, 500 - 31);
}

#[test]
fn a19_another_limit_is_believed() {
    let mut budget = Budget::new(limits::INSTALLATION_BUDGETS);
    let Ruling::Go(ticket) = budget.ask(at(0)) else {
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
    budget.done(ticket, at(0), &answer.told(0));
    assert_eq!(budget.limits().per_minute, 10);
    assert_eq!(budget.limits().per_hour, 500);
    assert_eq!(budget.left(at(0)).minute, 9);
}

#[test]
fn a9_a_reset_that_cannot_be_costs_a_short_pause_only() {
    for reset in [0, -5, i64::MAX, i64::MIN, START / SECOND + 100_000] {
        let mut budget = Budget::new(limits::INSTALLATION_BUDGETS);
        let Ruling::Go(ticket) = budget.ask(at(0)) else {
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
        budget.done(ticket, at(0), &answer.told(0));
        let Ruling::Wait(wait) = budget.ask(at(0)) else {
            panic!("{reset}")
        };
        assert_eq!((wait.why, seconds(&wait, 0)), (Why::Told, 1), "{reset}");
        assert!(matches!(budget.ask(at(SECOND)), Ruling::Go(_)), "{reset}");
    }
}

#[test]
fn a9_a_clock_that_went_back_holds_nobody_for_long() {
    let mut budget = Budget::new(limits::INSTALLATION_BUDGETS);
    for _ in 0..30 {
        let Ruling::Go(ticket) = budget.ask(at(0)) else {
            panic!()
        };
        budget.done(ticket, at(0), &Told::read(200, "", |_| None, at(0)));
    }
    let back = -100_000 * SECOND;
    let Ruling::Wait(wait) = budget.ask(at(back)) else {
        panic!()
    };
    assert_eq!((wait.why, seconds(&wait, back)), (Why::Minute, 60));
}

#[test]
fn a8_too_many_at_once_waits_for_a_call_of_ones_own() {
    let mut budget = Budget::new(limits::INSTALLATION_BUDGETS);
    let mut tickets: Vec<Ticket> = Vec::new();
    for _ in 0..3 {
        let Ruling::Go(ticket) = budget.ask(at(0)) else {
            panic!()
        };
        tickets.push(ticket);
    }
    let too_many = Told::read(429, "concurrent_limit_exceeded", |_| None, at(0));
    budget.done(tickets.pop().unwrap(), at(0), &too_many);
    let Ruling::Wait(wait) = budget.ask(at(0)) else {
        panic!()
    };
    assert_eq!(wait.why, Why::InFlight);
    let answered = Told::read(200, "", |_| None, at(SECOND));
    budget.done(tickets.pop().unwrap(), at(SECOND), &answered);
    assert!(matches!(budget.ask(at(SECOND)), Ruling::Go(_)));
    // With nobody to wait for, a moment; and five at once again after a while.
    let mut budget = Budget::new(limits::INSTALLATION_BUDGETS);
    let Ruling::Go(ticket) = budget.ask(at(0)) else {
        panic!()
    };
    budget.done(ticket, at(0), &too_many);
    let Ruling::Wait(wait) = budget.ask(at(0)) else {
        panic!()
    };
    assert_eq!((wait.why, seconds(&wait, 0)), (Why::Told, 1));
    assert_eq!(budget.left(at(0)).minute, 30, "a refused call costs nothing");
}

#[test]
fn a7_the_whole_token_waits_as_long_as_it_is_told() {
    let mut budget = Budget::new(limits::USER_BUDGETS);
    let Ruling::Go(ticket) = budget.ask(at(0)) else {
        panic!()
    };
    let told = Told::read(
        429,
        "rate_limit_exceeded",
        |name| (name == "retry-after").then_some("17"),
        at(0),
    );
    budget.done(ticket, at(0), &told);
    let Ruling::Wait(wait) = budget.ask(at(0)) else {
        panic!()
    };
    assert_eq!((wait.why, seconds(&wait, 0)), (Why::Told, 17));
    assert_eq!(budget.ready_at(0, at(0)), wait.until);
}

#[test]
fn calls_that_nobody_reports_free_their_places() {
    let mut budget = Budget::new(limits::INSTALLATION_BUDGETS);
    for _ in 0..5 {
        let Ruling::Go(ticket) = budget.ask(at(0)) else {
            panic!()
        };
        budget.lost(ticket, at(0));
    }
    let Ruling::Wait(wait) = budget.ask(at(0)) else {
        panic!()
    };
    assert_eq!((wait.why, seconds(&wait, 0)), (Why::InFlight, 5));
    assert!(matches!(budget.ask(at(5 * SECOND)), Ruling::Go(_)));
    assert_eq!(budget.left(at(5 * SECOND)).minute, 24, "they may have arrived");
}

#[test]
fn a18_what_is_idle_weighs_nothing_and_says_so() {
    let mut budget = Budget::new(limits::INSTALLATION_BUDGETS);
    let empty = budget.size_in_memory();
    assert!(empty < 256, "{empty}");
    let Ruling::Go(ticket) = budget.ask(at(0)) else {
        panic!()
    };
    assert!(budget.idle_at() > at(3600 * SECOND), "a call is under way");
    budget.done(ticket, at(0), &Told::read(200, "", |_| None, at(0)));
    assert_eq!(budget.idle_at(), at(3600 * SECOND));
    assert!(budget.size_in_memory() < empty + 256);
}

#[test]
fn the_last_of_a_queue_is_told_when_its_turn_comes() {
    let limits = limits::INSTALLATION_BUDGETS;
    let budget = Budget::new(limits);
    assert_eq!(budget.ready_at(0, at(0)), at(0));
    assert_eq!(budget.ready_at(29, at(0)), at(0));
    assert_eq!(budget.ready_at(30, at(0)), at(60 * SECOND));
    assert_eq!(budget.ready_at(999, at(0)), at(ideal(limits, 1000)));
    // Leaving whole periods out changes nothing, whichever of the windows is the tighter.
    for limits in [limits, Limits::new(7, 3, 5), Limits::new(600, 2, 5)] {
        for calls in [1, 13, 100, 1234, 2500] {
            let ready = Budget::new(limits).ready_at(calls - 1, at(0));
            assert_eq!(ready, at(ideal(limits, calls)), "{limits:?} {calls}");
        }
    }
    // A million pages, and more than there are.
    assert!(budget.ready_at(1_000_000, at(0)) > at(1999 * 3600 * SECOND));
    assert!(budget.ready_at(usize::MAX, at(0)) > at(0));
}
