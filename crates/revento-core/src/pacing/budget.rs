//! The budget of one token.

use std::{collections::VecDeque, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    CallOutcome, RateLimitHeaders,
    call_times::{CallTimes, Tenths, down, time, up},
    detached_calls::DetachedCalls,
};
use crate::{Timestamp, limits::RateLimits};

/// A time before all others, and far enough from the smallest number for arithmetic.
pub(super) const LONG_AGO: Tenths = -(1 << 50);
const MINUTE: Tenths = 600;
const HOUR: Tenths = 36_000;
/// A call without a report ends after this time, because its process has ended.
const LEASE: Tenths = 600;
/// A lost call counts as in flight for this time.
const ABANDONED: Tenths = 50;
/// The platform's `concurrent_limit_exceeded` lowers the concurrency for this time.
const CAPPED: Tenths = 300;
/// The concurrency of a detached budget. Calls in flight at other replicas show up in answers only, so each further one
/// risks a refusal; with a single one each call would wait for the round trip of the one before.
const DETACHED_CONCURRENCY: u32 = 2;
/// The first pause if the platform names none. It doubles with each further refusal.
const PAUSE: Tenths = 10;
const LONGEST_PAUSE: Tenths = 600;
/// A reset may be this much further away than its window is long, because it and the date are rounded.
const RESET_SLACK: Tenths = 50;
/// Two resets that differ by less are the same one, because they are rounded and a round trip late.
const SAME_RESET: Tenths = 20;
/// A mark this far in the future shows that the clock went back.
const BACK: Tenths = 10;
/// How much longer a call is kept than it counts, for answers that took long.
const MEMORY: Tenths = LEASE;

/// The calls of one token, counted against its rate limits. It takes a few dozen bytes, plus four for each call of the
/// last hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    pub(super) limits: RateLimits,
    pub(super) log: CallTimes,
    pub(super) in_flight: Vec<CallInFlight>,
    pub(super) next_id: u32,
    pub(super) closed_until: Tenths,
    /// How many answers in a row were refusals.
    pub(super) refusals: u8,
    pub(super) cap: Option<ConcurrencyCap>,
    /// When the platform's headers last corrected the log.
    pub(super) corrected: Tenths,
    /// What the other replicas do not know yet, if the budget is detached.
    pub(super) detached: Option<Box<DetachedCalls>>,
}

/// A call in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CallInFlight {
    pub(super) id: u32,
    pub(super) sent: Tenths,
    pub(super) ends: Tenths,
}

/// A concurrency below the limit, for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ConcurrencyCap {
    pub(super) calls: u32,
    pub(super) until: Tenths,
}

/// The permission for one call. Its holder has to report how the call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the call counts as in flight until its end is reported"]
pub struct Ticket {
    id: u32,
}

/// Whether a call may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Now.
    Go(Ticket),
    /// Not yet.
    Wait(Wait),
}

/// When to ask again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wait {
    /// Ask again at this time, or when a call of this token ends.
    pub until: Timestamp,
    /// The limit that is reached.
    pub limited_by: LimitedBy,
}

/// The limit that a call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LimitedBy {
    /// The calls of any 60 seconds.
    Minute,
    /// The calls of a rolling hour.
    Hour,
    /// The calls in flight.
    InFlight,
    /// A pause that the platform asked for, or that follows a refusal.
    RetryAfter,
}

impl LimitedBy {
    /// A stable name in `snake_case`, for logs and metric labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::InFlight => "in_flight",
            Self::RetryAfter => "retry_after",
        }
    }
}

/// How many calls each limit has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remaining {
    /// In the rolling hour.
    pub hour: u32,
    /// In the last 60 seconds.
    pub minute: u32,
    /// In flight.
    pub in_flight: u32,
}

impl Budget {
    /// An unused budget.
    pub fn new(limits: RateLimits) -> Self {
        Self {
            limits,
            log: CallTimes::default(),
            in_flight: Vec::new(),
            next_id: 0,
            closed_until: LONG_AGO,
            refusals: 0,
            cap: None,
            corrected: LONG_AGO,
            detached: None,
        }
    }

    /// Asks whether a call may go. After [`Decision::Go`] the caller reports its end by [`done`](Self::done),
    /// [`lost`](Self::lost) or [`unsent`](Self::unsent).
    pub fn ask(&mut self, now: Timestamp) -> Decision {
        let now = down(now);
        self.expire(now);
        if now < self.closed_until {
            return wait(self.closed_until, LimitedBy::RetryAfter);
        }
        let in_flight = self.in_flight.len();
        if in_flight >= self.concurrency() {
            return self.wait_for_a_call(now);
        }
        let mut latest: Option<(Tenths, LimitedBy)> = None;
        for (length, limit, limited_by) in self.windows() {
            let first = self.log.first_after(now.saturating_sub(length));
            let used = self.log.len() - first + in_flight;
            if used < limit {
                continue;
            }
            // This many have to leave the window first. A call in flight has no time yet at which it leaves.
            let Some(mark) = self.log.at(first + used - limit) else {
                return self.wait_for_a_call(now);
            };
            latest = latest.max(Some((mark.saturating_add(length), limited_by)));
        }
        match latest {
            Some((until, limited_by)) => wait(until, limited_by),
            None => Decision::Go(self.start_call(now)),
        }
    }

    /// Reports an answered call.
    pub fn done(&mut self, ticket: Ticket, now: Timestamp, headers: &RateLimitHeaders) {
        let (early, late) = (down(now), up(now));
        self.expire(early);
        let counts = (headers.outcome == CallOutcome::Answered).then_some(late);
        let Some(call) = self.end_call(ticket, counts) else {
            // Its lease has expired, so it counts already.
            return;
        };
        match headers.outcome {
            CallOutcome::Answered => {
                self.log.add(late);
                self.refusals = 0;
            }
            CallOutcome::RateLimited(Some(after)) => {
                self.refusals = self.refusals.saturating_add(1);
                // No wait is longer than the longest window.
                self.close(late.saturating_add(tenths(after).min(HOUR)));
            }
            CallOutcome::RateLimited(None) => self.pause(late),
            CallOutcome::ConcurrencyLimited => match u32::try_from(self.in_flight.len()) {
                Ok(others @ 1..) => {
                    let until = late.saturating_add(CAPPED);
                    self.cap = Some(ConcurrencyCap { calls: others, until });
                }
                _ => self.pause(late),
            },
        }
        self.apply_headers(headers, call, early, late);
    }

    /// Reports a call without an answer. It may have arrived, and may still be in flight at the platform.
    pub fn lost(&mut self, ticket: Ticket, now: Timestamp) {
        let until = up(now).saturating_add(ABANDONED);
        if let Some(call) = self.in_flight.iter_mut().find(|call| call.id == ticket.id) {
            call.ends = until;
        }
    }

    /// Reports a call that was never sent. It does not count.
    pub fn unsent(&mut self, ticket: Ticket) {
        self.end_call(ticket, None);
    }

    /// When a call can go that has `ahead` others before it, if each of them is answered at once.
    pub fn ready_at(&self, ahead: usize, now: Timestamp) -> Timestamp {
        self.forecast(ahead, now).map_or(now, |wait| wait.until)
    }

    /// How long a call waits that has `ahead` others before it, if each of them is answered at once, and which limit
    /// causes most of the wait; `None` when it can go now.
    pub fn forecast(&self, ahead: usize, now: Timestamp) -> Option<Wait> {
        let begin = up(now);
        let start = begin.max(self.closed_until);
        let mut delays = [
            (start - begin, LimitedBy::RetryAfter),
            (0, LimitedBy::Hour),
            (0, LimitedBy::Minute),
        ];
        let mut delay = |limited_by, by| {
            for (sum, _) in delays.iter_mut().filter(|(_, name)| *name == limited_by) {
                *sum = Tenths::saturating_add(*sum, by);
            }
        };
        let in_flight = self.in_flight.iter().map(|_| start);
        let mut marks: VecDeque<Tenths> = self.log.iter().chain(in_flight).collect();
        let mut at = start;
        let (ahead, later, limited_by) = self.skip_whole_periods(ahead);
        delay(limited_by, later);
        for _ in 0..=ahead {
            for (length, limit, limited_by) in self.windows() {
                let blocking = marks.len().checked_sub(limit).and_then(|index| marks.get(index));
                let free_at = blocking.map_or(at, |mark| mark.saturating_add(length));
                if free_at > at {
                    delay(limited_by, free_at - at);
                    at = free_at;
                }
            }
            marks.push_back(at);
        }
        let until = at.saturating_add(later);
        let limited_by = delays.into_iter().max()?.1;
        (until > begin).then(|| Wait {
            until: time(until),
            limited_by,
        })
    }

    /// A long queue repeats the same pattern in each period of the tighter window. Gives the calls without the whole
    /// periods, how long these take, and that window.
    fn skip_whole_periods(&self, ahead: usize) -> (usize, Tenths, LimitedBy) {
        let size = |limit: usize| i64::try_from(limit).unwrap_or(i64::MAX);
        let [(hour, per_hour, _), (minute, per_minute, _)] = self.windows();
        let by_hour = hour.saturating_mul(size(per_minute)) >= minute.saturating_mul(size(per_hour));
        let (period, length, limited_by) = if by_hour {
            (per_hour, hour, LimitedBy::Hour)
        } else {
            (per_minute, minute, LimitedBy::Minute)
        };
        let first = per_hour.max(per_minute).saturating_mul(2);
        let whole = ahead.saturating_sub(first) / period.max(1);
        let later = length.saturating_mul(size(whole));
        (ahead - whole * period.max(1), later, limited_by)
    }

    /// How many calls are left, as far as the budget knows.
    pub fn remaining(&self, now: Timestamp) -> Remaining {
        let now = down(now);
        let in_flight = self.in_flight.iter().filter(|call| call.ends > now).count();
        let remaining = |length: Tenths, limit: u32| {
            let used = self.log.len() - self.log.first_after(now.saturating_sub(length)) + in_flight;
            limit.saturating_sub(u32::try_from(used).unwrap_or(u32::MAX))
        };
        let [(hour, ..), (minute, ..)] = self.windows();
        Remaining {
            hour: remaining(hour, self.limits.per_hour),
            minute: remaining(minute, self.limits.per_minute),
            in_flight: self
                .limits
                .in_flight
                .saturating_sub(u32::try_from(in_flight).unwrap_or(u32::MAX)),
        }
    }

    /// The limits in force: those of the start, or those that the platform's headers have named since.
    pub fn limits(&self) -> RateLimits {
        self.limits
    }

    /// When the budget is as good as unused, so that it can be forgotten.
    pub fn idle_at(&self) -> Timestamp {
        let [(hour, ..), _] = self.windows();
        let marks = self.log.last().map(|mark| mark.saturating_add(hour));
        let in_flight = self.in_flight.iter().map(|call| call.ends.saturating_add(hour));
        let cap = self.cap.map(|cap| cap.until);
        let all = in_flight.chain(marks).chain(cap);
        time(all.fold(self.closed_until, Tenths::max))
    }

    /// Whether the budget is detached from the one that the replicas share.
    pub fn is_detached(&self) -> bool {
        self.detached.is_some()
    }

    /// The bytes of memory that the budget takes, itself included.
    pub fn size_in_memory(&self) -> usize {
        size_of::<Self>()
            + self.log.heap_bytes()
            + self.in_flight.capacity() * size_of::<CallInFlight>()
            + self
                .detached
                .as_ref()
                .map_or(0, |detached| detached.size_in_memory())
    }

    /// The windows with their limits: the hour, then the minute.
    fn windows(&self) -> [(Tenths, usize, LimitedBy); 2] {
        let slack = tenths(self.limits.slack);
        let size = |limit: u32| usize::try_from(limit).unwrap_or(usize::MAX);
        [
            (HOUR + slack, size(self.limits.per_hour), LimitedBy::Hour),
            (MINUTE + slack, size(self.limits.per_minute), LimitedBy::Minute),
        ]
    }

    fn concurrency(&self) -> usize {
        let mut calls = self.limits.in_flight;
        if let Some(cap) = self.cap {
            calls = calls.min(cap.calls);
        }
        if self.is_detached() {
            calls = calls.min(DETACHED_CONCURRENCY);
        }
        usize::try_from(calls).unwrap_or(usize::MAX)
    }

    fn wait_for_a_call(&self, now: Tenths) -> Decision {
        let ends = self.in_flight.iter().map(|call| call.ends).min();
        wait(
            ends.unwrap_or_else(|| now.saturating_add(PAUSE)),
            LimitedBy::InFlight,
        )
    }

    fn start_call(&mut self, now: Tenths) -> Ticket {
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(1);
        self.in_flight.push(CallInFlight {
            id,
            sent: now,
            ends: now.saturating_add(LEASE),
        });
        if let Some(detached) = &mut self.detached {
            detached.note_begun(id);
        }
        Ticket { id }
    }

    fn end_call(&mut self, ticket: Ticket, counts: Option<Tenths>) -> Option<CallInFlight> {
        let call = self.remove_call(ticket.id)?;
        self.note_ended(call.id, counts);
        Some(call)
    }

    pub(super) fn remove_call(&mut self, id: u32) -> Option<CallInFlight> {
        let index = self.in_flight.iter().position(|call| call.id == id)?;
        Some(self.in_flight.swap_remove(index))
    }

    fn note_ended(&mut self, id: u32, counts: Option<Tenths>) {
        if let Some(detached) = &mut self.detached {
            detached.note_ended(id, counts);
        }
    }

    /// Forgets what has left all windows, and corrects marks in the future, which a clock that went back leaves.
    fn expire(&mut self, now: Tenths) {
        let [(hour, ..), _] = self.windows();
        self.log.forget_until(now.saturating_sub(hour + MEMORY));
        if let Some(detached) = &mut self.detached {
            detached.forget_ended_until(now.saturating_sub(hour));
        }
        if self
            .log
            .last()
            .is_some_and(|last| last > now.saturating_add(BACK))
        {
            self.log.clamp_to(now);
        }
        let mut ended = Vec::new();
        self.in_flight.retain_mut(|call| {
            call.ends = call.ends.min(now.saturating_add(LEASE));
            if call.ends <= now {
                ended.push((call.id, call.ends));
            }
            call.ends > now
        });
        for (id, end) in ended {
            self.log.add(end);
            self.note_ended(id, Some(end));
        }
        self.corrected = self.corrected.min(now);
        self.closed_until = self.closed_until.min(now.saturating_add(HOUR + BACK));
        self.cap = self
            .cap
            .filter(|cap| now < cap.until && cap.until <= now.saturating_add(CAPPED + BACK));
    }

    fn close(&mut self, until: Tenths) {
        self.closed_until = self.closed_until.max(until);
    }

    /// Pauses all calls, twice as long after each further refusal.
    fn pause(&mut self, now: Tenths) {
        let doubled = PAUSE
            .checked_shl(u32::from(self.refusals))
            .unwrap_or(LONGEST_PAUSE);
        self.refusals = self.refusals.saturating_add(1).min(16);
        self.close(now.saturating_add(doubled.clamp(PAUSE, LONGEST_PAUSE)));
    }

    /// Corrects the log by the platform's headers.
    fn apply_headers(&mut self, headers: &RateLimitHeaders, call: CallInFlight, now: Tenths, late: Tenths) {
        let (Some(limit), Some(remaining)) = (headers.limit, headers.remaining) else {
            // Nothing remains of a limit that the headers do not name.
            if headers.remaining == Some(0) && headers.outcome == CallOutcome::Answered {
                self.pause(now);
            }
            return;
        };
        let reset_in = headers.reset_in.map(|seconds| seconds.saturating_mul(10));
        let is_hour = self.is_hour(limit, reset_in);
        let [hour, minute] = self.windows();
        let (length, ..) = if is_hour { hour } else { minute };
        let sane = reset_in.filter(|reset| (1..=length.saturating_add(RESET_SLACK)).contains(reset));
        if remaining == 0 && sane.is_none() {
            // Nothing remains, and the headers do not say until when.
            if headers.outcome == CallOutcome::Answered {
                self.pause(now);
            }
            return;
        }
        if is_hour {
            self.limits.per_hour = limit;
        } else {
            self.limits.per_minute = limit;
        }
        // A later call was answered earlier, and its headers know more.
        if call.sent <= self.corrected {
            return;
        }
        let used = usize::try_from(limit.saturating_sub(remaining)).unwrap_or(usize::MAX);
        // How many calls the platform may have counted when it answered, and how many it certainly had.
        let oldest = self.log.first_after(call.sent.saturating_sub(length));
        let possible = self.log.len() - oldest + self.in_flight.len();
        let first = self.log.first_after(now.saturating_sub(length));
        let this_one = usize::from(headers.outcome == CallOutcome::Answered);
        let before = self.log.first_after(call.sent.saturating_sub(1));
        let certain = before.saturating_sub(first) + this_one;
        // Just outside the window, and no earlier: the hour still counts a call that has left the minute.
        let outside = late.saturating_sub(length);
        if used > possible || certain > used {
            self.corrected = now;
        }
        if used > possible {
            // Another process uses the token too. The oldest of its calls leaves the window at the reset.
            let stamp = if is_hour {
                late.saturating_sub(minute.0)
            } else {
                late
            };
            let leaves = sane.map(|reset| outside.saturating_add(reset).min(stamp));
            let ours = self.log.at(first).unwrap_or(Tenths::MAX);
            let oldest = leaves
                .filter(|at| at.saturating_add(SAME_RESET) < ours)
                .unwrap_or(stamp);
            // Marks beyond the limit make no difference.
            for number in 0..(used - possible).min(usize::try_from(limit).unwrap_or(usize::MAX)) {
                self.log.add(if number == 0 { oldest } else { stamp });
            }
        } else {
            // The platform has forgotten calls that the log still holds.
            for index in first..first + certain.saturating_sub(used) {
                // The mark moves to the end of the expired ones, so the index of the next one stays.
                self.log.restamp(index, outside);
            }
        }
        if remaining == 0
            && let Some(reset) = sane
        {
            let first = self.log.first_after(now.saturating_sub(length));
            // Unless the call that the answer means has left the window since.
            if first == self.log.first_after(call.sent.saturating_sub(length))
                && let Some(mark) = self.log.at(first)
                && (mark - outside).abs_diff(reset) > SAME_RESET.unsigned_abs()
                // Without a date the platform's clock may be behind, and a call too early costs more than one too late.
                && (headers.clock_skew_seconds().is_some() || mark - outside < reset)
            {
                self.log.restamp(first, outside.saturating_add(reset).min(late));
            }
        }
    }

    /// Whether the headers mean the hour: by the limit if only one window has it, otherwise by the reset.
    fn is_hour(&self, limit: u32, reset_in: Option<Tenths>) -> bool {
        match (limit == self.limits.per_minute, limit == self.limits.per_hour) {
            (true, false) => false,
            (false, true) => true,
            _ => reset_in.map_or(limit > self.limits.per_minute, |reset| {
                reset > MINUTE.saturating_add(RESET_SLACK)
            }),
        }
    }
}

fn wait(until: Tenths, limited_by: LimitedBy) -> Decision {
    let until = time(until);
    Decision::Wait(Wait { until, limited_by })
}

/// Rounds up, so that a wait is never too short.
fn tenths(duration: Duration) -> Tenths {
    i64::try_from(duration.as_millis().div_ceil(100)).unwrap_or(i64::MAX / 4)
}
