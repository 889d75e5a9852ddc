//! The budget of one token.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    CallOutcome, Decision, LimitedBy, RateLimitHeaders, Ticket, Wait,
    call_times::{CallTimes, Tenths, down, time, up},
    detached_calls::DetachedCalls,
};
use crate::{Timestamp, limits::RateLimits};

/// A time before all others, and far enough from the smallest number for arithmetic.
pub(super) const LONG_AGO: Tenths = -(1 << 50);
pub(super) const MINUTE: Tenths = 600;
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

    /// Asks whether a call may go. After [`Decision::Go`] the caller reports its end by [`complete`](Self::complete),
    /// [`abandon`](Self::abandon) or [`unsent`](Self::unsent).
    pub fn try_acquire(&mut self, now: Timestamp) -> Decision {
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
    pub fn complete(&mut self, ticket: Ticket, now: Timestamp, headers: &RateLimitHeaders) {
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
    pub fn abandon(&mut self, ticket: Ticket, now: Timestamp) {
        let until = up(now).saturating_add(ABANDONED);
        if let Some(call) = self.in_flight.iter_mut().find(|call| call.id == ticket.id) {
            call.ends = until;
        }
    }

    /// Reports a call that was never sent. It does not count.
    pub fn unsent(&mut self, ticket: Ticket) {
        self.end_call(ticket, None);
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
    pub(super) fn windows(&self) -> [(Tenths, usize, LimitedBy); 2] {
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
    pub(super) fn pause(&mut self, now: Tenths) {
        let doubled = PAUSE
            .checked_shl(u32::from(self.refusals))
            .unwrap_or(LONGEST_PAUSE);
        self.refusals = self.refusals.saturating_add(1).min(16);
        self.close(now.saturating_add(doubled.clamp(PAUSE, LONGEST_PAUSE)));
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
