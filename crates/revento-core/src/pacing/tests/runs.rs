//! Many calls over a network that delays.

use std::{cmp::Reverse, collections::BinaryHeap, ops::Range};

use super::{
    platform::{Answer, Platform},
    *,
};

/// An event of the simulation.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happens {
    Arrives(usize),
    Answered(usize, Answer),
    Ask(usize),
}

/// The result of a queue of calls.
#[derive(Debug, Default)]
pub(super) struct Run {
    pub(super) refusals: usize,
    pub(super) last_refusal: i64,
    pub(super) finished: i64,
    /// How many calls of each replica came through.
    pub(super) calls: [usize; 2],
}

/// Makes this many calls through `budgets`. Several budgets are replicas that share only the platform's headers. The delays
/// are those to the platform and back, in milliseconds.
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
    let mut run = Run::default();
    let delay = |call: usize| delays[call % delays.len()];
    while let Some(Reverse((now, happens))) = queue.pop() {
        match happens {
            Happens::Ask(replica) => {
                while todo[replica] > 0 {
                    match budgets[replica].try_acquire(at(now)) {
                        Decision::Go(ticket) => {
                            todo[replica] -= 1;
                            let call = tickets.len();
                            tickets.push((replica, ticket));
                            queue.push(Reverse((now + delay(call).0 * 1000, Happens::Arrives(call))));
                        }
                        Decision::Wait(wait) => {
                            let until = wait.until.unix_micros() - START;
                            assert!(until > now, "a wait for the past: {wait:?}");
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
                budgets[replica].complete(ticket, at(now), &answer.headers(now));
                queue.push(Reverse((now, Happens::Ask(replica))));
            }
        }
    }
    assert_eq!(platform.calls.len() - before, calls, "every call came through");
    run
}

/// When ideal budgets let the last of this many calls go.
pub(super) fn ideal(limits: RateLimits, calls: usize) -> i64 {
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

/// The bytes that two replicas share, and the detached budget of each while the store is away.
pub(super) struct Store {
    bytes: Vec<u8>,
    away: Range<i64>,
    detached: [Option<Budget>; 2],
}

impl Store {
    pub(super) fn new(limits: RateLimits) -> Self {
        Self {
            bytes: Budget::new(limits).to_bytes(),
            away: 0..0,
            detached: [None, None],
        }
    }

    /// Takes the store away from the first of these times to the second.
    pub(super) fn away(mut self, from: i64, until: i64) -> Self {
        self.away = from..until;
        self
    }

    fn change<T>(&mut self, replica: usize, now: i64, change: impl FnOnce(&mut Budget) -> T) -> T {
        let shared = Budget::from_bytes(&self.bytes).unwrap();
        if self.away.contains(&now) {
            let salt = 1_000_000 * (u32::try_from(replica).unwrap() + 1);
            return self.detached[replica].get_or_insert(shared).detach(salt, change);
        }
        let mut budget = match self.detached[replica].take() {
            Some(detached) => detached.merge(shared),
            None => shared,
        };
        let answer = change(&mut budget);
        self.bytes = budget.to_bytes();
        answer
    }
}

/// Runs two replicas that share one budget as bytes. Their clocks differ by `skew` milliseconds.
pub(super) fn run_shared(
    platform: &mut Platform,
    store: &mut Store,
    skew: i64,
    calls: usize,
    delays: &[(i64, i64)],
) -> Run {
    let clock = |replica: usize, now: i64| at(now + if replica == 0 { 0 } else { skew * 1000 });
    let mut queue = BinaryHeap::from([Reverse((0, Happens::Ask(0))), Reverse((0, Happens::Ask(1)))]);
    let mut tickets: Vec<(usize, Ticket)> = Vec::new();
    let mut run = Run::default();
    while let Some(Reverse((now, happens))) = queue.pop() {
        match happens {
            Happens::Ask(replica) if tickets.len() < calls + run.refusals => {
                match store.change(replica, now, |budget| budget.try_acquire(clock(replica, now))) {
                    Decision::Go(ticket) => {
                        let call = tickets.len();
                        tickets.push((replica, ticket));
                        let there = delays[call % delays.len()].0;
                        queue.push(Reverse((now + there * 1000, Happens::Arrives(call))));
                        queue.push(Reverse((now, Happens::Ask(replica))));
                    }
                    Decision::Wait(wait) => {
                        let pause = wait.until.saturating_since(clock(replica, now));
                        let pause = i64::try_from(pause.as_micros()).unwrap();
                        assert!(pause > 0, "a wait for the past: {wait:?}");
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
                    run.calls[replica] += 1;
                } else {
                    run.refusals += 1;
                    run.last_refusal = now;
                }
                let here = if replica == 0 { now } else { now + skew * 1000 };
                let headers = answer.headers(here);
                store.change(replica, now, |budget| budget.complete(ticket, at(here), &headers));
                queue.push(Reverse((now, Happens::Ask(replica))));
            }
        }
    }
    assert_eq!(platform.calls.len(), calls, "every call came through");
    run
}
