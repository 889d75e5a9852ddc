//! Many calls over a network that delays.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{
    platform::{Answer, Platform},
    *,
};

/// Something that happens.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happens {
    Arrives(usize),
    Answered(usize, Answer),
    Ask(usize),
}

/// What came of a queue of calls.
pub(super) struct Run {
    pub(super) refusals: usize,
    pub(super) finished: i64,
}

/// So many calls through `budgets` (replicas that share nothing but the platform's headers if there are several), each
/// there and back after the delays (milliseconds).
pub(super) fn run(
    platform: &mut Platform,
    budgets: &mut [Budget],
    calls: usize,
    delays: &[(i64, i64)],
) -> Run {
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
pub(super) fn ideal(limits: Limits, calls: usize) -> i64 {
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

/// Two replicas whose clocks differ (milliseconds), on one budget that travels between them as bytes.
pub(super) fn run_shared(
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
