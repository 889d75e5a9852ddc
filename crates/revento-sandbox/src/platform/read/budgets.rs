//! The three budgets of a token (contract section 3.6): a rolling hour, any 60 seconds, and calls in flight.

use std::collections::{HashMap, VecDeque};

use crate::decisions;
use crate::machine::time::Time;
use crate::platform::records::Flow;

const HOUR_S: i64 = 3_600;
const MINUTE_S: i64 = 60;

/// The limits of a kind of token.
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

/// What the headers say: of the two windows, the one with less left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) limit: usize,
    pub(crate) remaining: usize,
    /// When the window gains room again, on the sandbox clock.
    pub(crate) reset: Time,
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ruling {
    Go(Standing),
    Wait(Standing),
    TooManyAtOnce(Standing),
}

#[derive(Debug, Default)]
struct Book {
    calls: VecDeque<Time>,
    in_flight: usize,
}

/// How many books are kept before those of tokens that rest are closed.
const MANY: usize = 10_000;

/// The budgets of all tokens. Lives in memory only, like the counters of a gateway.
#[derive(Debug, Default)]
pub(crate) struct Budgets {
    books: HashMap<String, Book>,
    offenders: HashMap<String, Offender>,
}

/// An integration that was answered 429.
#[derive(Debug, Default)]
struct Offender {
    recent: VecDeque<Time>,
    suspended_until: Option<Time>,
}

impl Budgets {
    /// Asks for a call. After `Go` the caller owes one `done`. Calls that are not `limited` cost nothing.
    pub(crate) fn ask(&mut self, family_id: &str, flow: Flow, now: Time, limited: bool) -> Ruling {
        let limits = Limits::of(flow);
        if self.books.len() >= MANY {
            let hour_ago = now.plus_seconds(-HOUR_S);
            self.books
                .retain(|_, book| book.in_flight > 0 || book.calls.back().is_some_and(|at| *at > hour_ago));
        }
        let book = self.books.entry(family_id.to_owned()).or_default();
        while book
            .calls
            .front()
            .is_some_and(|at| at.plus_seconds(HOUR_S) <= now)
        {
            book.calls.pop_front();
        }
        let standing = book.standing(limits, now);
        if !limited {
            book.in_flight += 1;
            return Ruling::Go(standing);
        }
        if book.in_flight >= limits.in_flight {
            return Ruling::TooManyAtOnce(standing);
        }
        if standing.remaining == 0 {
            return Ruling::Wait(standing);
        }
        book.calls.push_back(now);
        book.in_flight += 1;
        Ruling::Go(book.standing(limits, now))
    }

    /// A call has been answered.
    pub(crate) fn done(&mut self, family_id: &str) {
        if let Some(book) = self.books.get_mut(family_id) {
            book.in_flight = book.in_flight.saturating_sub(1);
        }
    }

    /// Calls of the last hour and of the last 60 seconds.
    pub(crate) fn spent(&self, budget: &str, now: Time) -> (usize, usize) {
        let count = |book: &Book, seconds| book.within(seconds, now).count();
        self.books
            .get(budget)
            .map_or((0, 0), |book| (count(book, HOUR_S), count(book, MINUTE_S)))
    }

    /// Calls in each of the last sixty minutes, the oldest first.
    pub(crate) fn minutes(&self, budget: &str, now: Time) -> [usize; 60] {
        let mut minutes = [0; 60];
        for at in self.books.get(budget).into_iter().flat_map(|book| &book.calls) {
            let ago = usize::try_from(at.until(now).as_secs() / 60).unwrap_or(usize::MAX);
            let place = minutes.len().checked_sub(ago.saturating_add(1));
            if let Some(minute) = place.and_then(|place| minutes.get_mut(place)) {
                *minute += 1;
            }
        }
        minutes
    }

    /// Notes that an integration was answered 429. Too many of them within a short time suspend it for a while.
    pub(crate) fn offend(&mut self, client_id: &str, now: Time) {
        let offender = self.offenders.entry(client_id.to_owned()).or_default();
        let border = now.plus_seconds(-decisions::SUSPENDED_WITHIN_S);
        offender.recent.retain(|at| *at > border);
        offender.recent.push_back(now);
        if offender.recent.len() >= decisions::SUSPENDED_AFTER {
            offender.recent.clear();
            offender.suspended_until = Some(now.plus_seconds(decisions::SUSPENDED_FOR_S));
        }
    }

    /// Until when an integration is suspended for its 429s.
    pub(crate) fn suspended(&self, client_id: &str, now: Time) -> Option<Time> {
        self.offenders
            .get(client_id)?
            .suspended_until
            .filter(|until| *until > now)
    }

    /// Forgets everything, as after a reset.
    pub(crate) fn clear(&mut self) {
        self.books.clear();
        self.offenders.clear();
    }
}

impl Book {
    /// Calls of the last `seconds`, the newest first.
    fn within(&self, seconds: i64, now: Time) -> impl Iterator<Item = Time> {
        self.calls
            .iter()
            .rev()
            .copied()
            .take_while(move |at| at.plus_seconds(seconds) > now)
    }

    fn standing(&self, limits: Limits, now: Time) -> Standing {
        let window = |limit: usize, seconds: i64| {
            let (used, oldest) = self.within(seconds, now).fold((0, now), |(n, _), at| (n + 1, at));
            Standing {
                limit,
                remaining: limit.saturating_sub(used),
                reset: oldest.plus_seconds(seconds),
            }
        };
        let (minute, hour) = (window(limits.minute, MINUTE_S), window(limits.hour, HOUR_S));
        if hour.remaining < minute.remaining {
            hour
        } else {
            minute
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_seconds(1_000_000 + seconds)
    }

    fn call(budgets: &mut Budgets, now: Time) -> Ruling {
        let ruling = budgets.ask("fam", Flow::Installation, now, true);
        if matches!(ruling, Ruling::Go(_)) {
            budgets.done("fam");
        }
        ruling
    }

    #[test]
    fn the_thirty_first_call_of_a_minute_waits_until_the_first_is_a_minute_old() {
        let mut budgets = Budgets::default();
        for _ in 0..30 {
            assert!(matches!(call(&mut budgets, at(0)), Ruling::Go(_)));
        }
        let waits = Standing {
            limit: 30,
            remaining: 0,
            reset: at(60),
        };
        assert_eq!(call(&mut budgets, at(59)), Ruling::Wait(waits));
        assert!(matches!(call(&mut budgets, at(60)), Ruling::Go(_)));
    }

    #[test]
    fn five_hundred_calls_an_hour_are_the_second_border() {
        let mut budgets = Budgets::default();
        for n in 0..500 {
            assert!(matches!(call(&mut budgets, at(n * 3)), Ruling::Go(_)), "call {n}");
        }
        assert_eq!(
            call(&mut budgets, at(1500)),
            Ruling::Wait(Standing {
                limit: 500,
                remaining: 0,
                reset: at(3600)
            })
        );
        assert!(matches!(call(&mut budgets, at(3600)), Ruling::Go(_)));
    }

    #[test]
    fn the_last_hour_is_told_minute_by_minute() {
        let mut budgets = Budgets::default();
        for second in [0, 1, 61, 3_500] {
            call(&mut budgets, at(second));
        }
        let minutes = budgets.minutes("fam", at(3_510));
        let told: Vec<(usize, usize)> = minutes
            .into_iter()
            .enumerate()
            .filter(|(_, calls)| *calls > 0)
            .collect();
        assert_eq!(told, [(1, 2), (2, 1), (59, 1)]);
        assert_eq!(budgets.minutes("nobody", at(0)), [0; 60]);
    }

    #[test]
    fn books_of_tokens_that_rest_are_closed() {
        let mut budgets = Budgets::default();
        for token in 0..=MANY {
            let name = format!("fam-{token}");
            budgets.ask(&name, Flow::User, at(0), true);
            budgets.done(&name);
        }
        budgets.ask("in flight", Flow::User, at(0), true);
        call(&mut budgets, at(3_600));
        assert_eq!(budgets.books.len(), 2);
    }

    #[test]
    fn the_sixth_call_at_once_is_refused_and_costs_nothing() {
        let mut budgets = Budgets::default();
        for _ in 0..5 {
            assert!(matches!(
                budgets.ask("fam", Flow::User, at(0), true),
                Ruling::Go(_)
            ));
        }
        assert!(matches!(
            budgets.ask("fam", Flow::User, at(0), true),
            Ruling::TooManyAtOnce(_)
        ));
        budgets.done("fam");
        assert!(matches!(
            budgets.ask("fam", Flow::User, at(0), true),
            Ruling::Go(_)
        ));
    }
}
