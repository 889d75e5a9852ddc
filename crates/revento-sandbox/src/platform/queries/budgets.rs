//! The three rate budgets of a token: a rolling hour, any 60 seconds, and calls in flight (contract §3.6).

use std::collections::{HashMap, VecDeque};

use crate::decisions;
use crate::platform::records::Flow;
use crate::primitives::time::Time;

const HOUR_S: i64 = 3_600;
const MINUTE_S: i64 = 60;

/// The limits of a token kind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) hour: usize,
    pub(crate) minute: usize,
    pub(crate) in_flight: usize,
}

impl Limits {
    pub(crate) const fn of(flow: Flow) -> Self {
        match flow {
            Flow::Installation => Self {
                hour: 500,
                minute: 30,
                in_flight: 5,
            },
            Flow::User => Self {
                hour: 200,
                minute: 20,
                in_flight: 5,
            },
        }
    }
}

/// The state of one window. The rate limit headers are that of the hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BudgetStatus {
    pub(crate) limit: usize,
    pub(crate) remaining: usize,
    /// When calls leave the window, on the sandbox clock.
    pub(crate) reset: Time,
}

/// Whether a call is admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    Allowed { hour: BudgetStatus },
    BudgetSpent { hour: BudgetStatus, retry_at: Time },
    TooManyInFlight,
}

#[derive(Debug, Default)]
struct CallWindow {
    /// The calls of the last sixty minutes.
    calls: VecDeque<Time>,
    /// When the hour began that the budget counts.
    hour_began: Option<Time>,
    in_flight: usize,
}

/// From this number of windows on, those of idle tokens are dropped.
const MAX_WINDOWS: usize = 10_000;

/// The budgets of all tokens. They live in memory only, like the counters of a gateway.
#[derive(Debug, Default)]
pub(crate) struct Budgets {
    windows: HashMap<String, CallWindow>,
    recent_429s: HashMap<String, Recent429s>,
}

/// The recent 429s of an integration.
#[derive(Debug, Default)]
struct Recent429s {
    times: VecDeque<Time>,
    suspended_until: Option<Time>,
}

impl Budgets {
    /// Admits or refuses a call. After `Allowed`, the caller must call [`finish`](Self::finish) once. Without `limited`,
    /// every call is admitted and none is counted.
    pub(crate) fn admit(&mut self, budget_id: &str, flow: Flow, now: Time, limited: bool) -> Admission {
        let limits = Limits::of(flow);
        if self.windows.len() >= MAX_WINDOWS {
            let hour_ago = now.plus_seconds(-HOUR_S);
            self.windows.retain(|_, window| {
                window.in_flight > 0 || window.calls.back().is_some_and(|at| *at > hour_ago)
            });
        }
        let window = self.windows.entry(budget_id.to_owned()).or_default();
        while window
            .calls
            .front()
            .is_some_and(|at| at.plus_seconds(HOUR_S) <= now)
        {
            window.calls.pop_front();
        }
        window.end_hour(now);
        if !limited {
            window.in_flight += 1;
            return Admission::Allowed {
                hour: window.hour(limits, now),
            };
        }
        if window.in_flight >= limits.in_flight {
            return Admission::TooManyInFlight;
        }
        let hour = window.hour(limits, now);
        let minute = window.rolling(limits.minute, MINUTE_S, now);
        let spent = [hour, minute].into_iter().filter(|window| window.remaining == 0);
        if let Some(retry_at) = spent.map(|window| window.reset).max() {
            return Admission::BudgetSpent { hour, retry_at };
        }
        window.calls.push_back(now);
        window.hour_began.get_or_insert(now);
        window.in_flight += 1;
        Admission::Allowed {
            hour: window.hour(limits, now),
        }
    }

    /// Ends a call that was admitted.
    pub(crate) fn finish(&mut self, budget_id: &str) {
        if let Some(window) = self.windows.get_mut(budget_id) {
            window.in_flight = window.in_flight.saturating_sub(1);
        }
    }

    /// The calls of the hour that the budget counts, and of the last 60 seconds.
    pub(crate) fn spent(&self, budget_id: &str, flow: Flow, now: Time) -> (usize, usize) {
        let limits = Limits::of(flow);
        self.windows.get(budget_id).map_or((0, 0), |window| {
            let hour = window.hour(limits, now);
            (
                hour.limit.saturating_sub(hour.remaining),
                window.within(MINUTE_S, now).count(),
            )
        })
    }

    /// The calls in each of the last sixty minutes, the oldest first.
    pub(crate) fn minutes(&self, budget_id: &str, now: Time) -> [usize; 60] {
        let mut minutes = [0; 60];
        for at in self
            .windows
            .get(budget_id)
            .into_iter()
            .flat_map(|window| &window.calls)
        {
            let ago = usize::try_from(at.until(now).as_secs() / 60).unwrap_or(usize::MAX);
            let place = minutes.len().checked_sub(ago.saturating_add(1));
            if let Some(minute) = place.and_then(|place| minutes.get_mut(place)) {
                *minute += 1;
            }
        }
        minutes
    }

    /// Records a 429. Too many within a short time suspend the integration for a while.
    pub(crate) fn record_rate_limited(&mut self, client_id: &str, now: Time) {
        let recent = self.recent_429s.entry(client_id.to_owned()).or_default();
        let oldest = now.plus_seconds(-decisions::SUSPENDED_WITHIN_S);
        recent.times.retain(|at| *at > oldest);
        recent.times.push_back(now);
        if recent.times.len() >= decisions::SUSPENDED_AFTER {
            recent.times.clear();
            recent.suspended_until = Some(now.plus_seconds(decisions::SUSPENDED_FOR_S));
        }
    }

    /// Until when an integration is suspended because of its 429s.
    pub(crate) fn suspended(&self, client_id: &str, now: Time) -> Option<Time> {
        self.recent_429s
            .get(client_id)?
            .suspended_until
            .filter(|until| *until > now)
    }

    /// Deletes all counts, for a reset.
    pub(crate) fn clear(&mut self) {
        self.windows.clear();
        self.recent_429s.clear();
    }
}

impl CallWindow {
    /// The calls of the last `seconds`, the newest first.
    fn within(&self, seconds: i64, now: Time) -> impl Iterator<Item = Time> {
        self.calls
            .iter()
            .rev()
            .copied()
            .take_while(move |at| at.plus_seconds(seconds) > now)
    }

    /// Ends the hour that the budget counts, if it is over.
    fn end_hour(&mut self, now: Time) {
        self.hour_began = self.hour_began.filter(|began| began.plus_seconds(HOUR_S) > now);
    }

    fn hour(&self, limits: Limits, now: Time) -> BudgetStatus {
        if !decisions::HOUR_STARTS_WITH_A_CALL {
            return self.rolling(limits.hour, HOUR_S, now);
        }
        let running = self.hour_began.filter(|began| began.plus_seconds(HOUR_S) > now);
        let began = running.unwrap_or(now);
        let used = self.within(HOUR_S, now).filter(|at| *at >= began).count();
        BudgetStatus {
            limit: limits.hour,
            remaining: limits.hour.saturating_sub(used),
            reset: began.plus_seconds(HOUR_S),
        }
    }

    fn rolling(&self, limit: usize, seconds: i64, now: Time) -> BudgetStatus {
        let (used, oldest) = self.within(seconds, now).fold((0, now), |(n, _), at| (n + 1, at));
        BudgetStatus {
            limit,
            remaining: limit.saturating_sub(used),
            reset: oldest.plus_seconds(seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_seconds(1_000_000 + seconds)
    }

    fn call(budgets: &mut Budgets, now: Time) -> Admission {
        let admission = budgets.admit("fam", Flow::Installation, now, true);
        if matches!(admission, Admission::Allowed { .. }) {
            budgets.finish("fam");
        }
        admission
    }

    #[test]
    fn the_thirty_first_call_of_a_minute_is_refused_until_the_first_is_a_minute_old() {
        let mut budgets = Budgets::default();
        for _ in 0..30 {
            assert!(matches!(call(&mut budgets, at(0)), Admission::Allowed { .. }));
        }
        let Admission::BudgetSpent { hour, retry_at } = call(&mut budgets, at(59)) else {
            panic!("the minute is not spent");
        };
        assert_eq!((retry_at, hour.limit, hour.remaining), (at(60), 500, 470));
        assert!(matches!(call(&mut budgets, at(60)), Admission::Allowed { .. }));
    }

    #[test]
    fn the_five_hundred_first_call_of_an_hour_is_refused() {
        let mut budgets = Budgets::default();
        for n in 0..500 {
            assert!(
                matches!(call(&mut budgets, at(n * 3)), Admission::Allowed { .. }),
                "call {n}"
            );
        }
        let hour = BudgetStatus {
            limit: 500,
            remaining: 0,
            reset: at(3600),
        };
        let retry_at = at(3600);
        assert_eq!(
            call(&mut budgets, at(1500)),
            Admission::BudgetSpent { hour, retry_at }
        );
        assert_eq!(budgets.spent("fam", Flow::Installation, at(3599)), (500, 0));
        assert_eq!(budgets.spent("fam", Flow::Installation, at(3600)), (0, 0));
        let hour = BudgetStatus {
            limit: 500,
            remaining: 499,
            reset: at(7200),
        };
        assert_eq!(call(&mut budgets, at(3600)), Admission::Allowed { hour });
    }

    #[test]
    fn calls_are_counted_for_each_minute_of_the_last_hour() {
        let mut budgets = Budgets::default();
        for second in [0, 1, 61, 3_500] {
            call(&mut budgets, at(second));
        }
        let minutes = budgets.minutes("fam", at(3_510));
        let counted: Vec<(usize, usize)> = minutes
            .into_iter()
            .enumerate()
            .filter(|(_, calls)| *calls > 0)
            .collect();
        assert_eq!(counted, [(1, 2), (2, 1), (59, 1)]);
        assert_eq!(budgets.minutes("nobody", at(0)), [0; 60]);
    }

    #[test]
    fn windows_of_idle_tokens_are_dropped() {
        let mut budgets = Budgets::default();
        for token in 0..=MAX_WINDOWS {
            let name = format!("fam-{token}");
            budgets.admit(&name, Flow::User, at(0), true);
            budgets.finish(&name);
        }
        budgets.admit("in flight", Flow::User, at(0), true);
        call(&mut budgets, at(3_600));
        assert_eq!(budgets.windows.len(), 2);
    }

    #[test]
    fn the_sixth_call_in_flight_is_refused_and_not_counted() {
        let mut budgets = Budgets::default();
        for _ in 0..5 {
            assert!(matches!(
                budgets.admit("fam", Flow::User, at(0), true),
                Admission::Allowed { .. }
            ));
        }
        assert!(matches!(
            budgets.admit("fam", Flow::User, at(0), true),
            Admission::TooManyInFlight
        ));
        budgets.finish("fam");
        assert!(matches!(
            budgets.admit("fam", Flow::User, at(0), true),
            Admission::Allowed { .. }
        ));
    }
}
