//! The machine.

use std::{collections::VecDeque, time::Duration};

use super::{
    Limits, Outcome, Told,
    apart::Apart,
    log::{Log, Tenths, down, time, up},
};
use crate::Timestamp;

/// Before anything that happens, and far enough from the end of numbers to reckon with.
pub(super) const LONG_AGO: Tenths = -(1 << 50);
const MINUTE: Tenths = 600;
const HOUR: Tenths = 36_000;
/// A call that was never reported back has ended after this long: its process is gone.
const LEASE: Tenths = 600;
/// How long a call whose answer nobody waits for is taken to be under way.
const ABANDONED: Tenths = 50;
/// For how long fewer calls go at once after the platform has said that they were too many.
const CHOKED: Tenths = 300;
/// So many calls at once while the others cannot be heard. What is under way with them is learnt only from answers, so
/// each call more at once can be one more that is refused; with one alone every round trip would be waited for.
const SEATS_APART: u32 = 2;
/// The first pause where the platform does not say how long; it doubles with each further refusal.
const PAUSE: Tenths = 10;
const LONGEST_PAUSE: Tenths = 600;
/// A reset may lie this much further away than its window is long: it is rounded, and so is the date.
const RESET_SLACK: Tenths = 50;
/// A reset that differs by less is the same one: rounded, and a round trip late.
const SAME_RESET: Tenths = 20;
/// A mark that lies this much in the future means that the clock went back.
const BACK: Tenths = 10;
/// How much longer a call is remembered than it counts, for answers that were long under way.
const MEMORY: Tenths = LEASE;

/// What has been spent of one token's budgets. A few dozen bytes, and four for each call of the last hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    pub(super) limits: Limits,
    pub(super) log: Log,
    pub(super) flights: Vec<Flight>,
    pub(super) next: u32,
    pub(super) closed_until: Tenths,
    pub(super) refusals: u8,
    pub(super) choke: Option<Choke>,
    /// When the platform's counting was last taken over.
    pub(super) corrected: Tenths,
    /// What the other replicas have not been told.
    pub(super) apart: Option<Box<Apart>>,
}

/// A call under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flight {
    pub(super) id: u32,
    pub(super) sent: Tenths,
    pub(super) ends: Tenths,
}

/// Fewer calls at once than the limit says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Choke {
    pub(super) seats: u32,
    pub(super) until: Tenths,
}

/// The right to one call, and the duty to say what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "its place is taken until the machine hears what became of the call"]
pub struct Ticket {
    id: u32,
}

/// Whether a call may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// Now.
    Go(Ticket),
    /// Not yet.
    Wait(Wait),
}

/// When to ask again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wait {
    /// Not before this time, unless a call of this token ends before.
    pub until: Timestamp,
    /// What there is too little of.
    pub why: Why,
}

/// What a call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Why {
    /// The budget of any 60 seconds.
    Minute,
    /// The budget of a rolling hour.
    Hour,
    /// A place among the calls under way.
    InFlight,
    /// The time that the platform has asked for.
    Told,
}

impl Why {
    /// A word for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::InFlight => "in_flight",
            Self::Told => "told",
        }
    }
}

/// What is left of each budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Left {
    /// Of the rolling hour.
    pub hour: u32,
    /// Of any 60 seconds.
    pub minute: u32,
    /// Of the places under way.
    pub in_flight: u32,
}

impl Budget {
    /// Nothing is spent.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            log: Log::default(),
            flights: Vec::new(),
            next: 0,
            closed_until: LONG_AGO,
            refusals: 0,
            choke: None,
            corrected: LONG_AGO,
            apart: None,
        }
    }

    /// Asks for a call. After [`Ruling::Go`] the caller owes one of [`done`](Self::done), [`lost`](Self::lost) and
    /// [`unsent`](Self::unsent).
    pub fn ask(&mut self, now: Timestamp) -> Ruling {
        let now = down(now);
        self.tidy(now);
        if now < self.closed_until {
            return wait(self.closed_until, Why::Told);
        }
        let under_way = self.flights.len();
        if under_way >= self.seats() {
            return self.wait_for_a_seat(now);
        }
        let mut latest: Option<(Tenths, Why)> = None;
        for (length, limit, why) in self.windows() {
            let first = self.log.first_after(now.saturating_sub(length));
            let used = self.log.len() - first + under_way;
            if used < limit {
                continue;
            }
            // So many have to leave the window; those under way have no time yet at which they do.
            let Some(mark) = self.log.at(first + used - limit) else {
                return self.wait_for_a_seat(now);
            };
            latest = latest.max(Some((mark.saturating_add(length), why)));
        }
        match latest {
            Some((until, why)) => wait(until, why),
            None => Ruling::Go(self.take_off(now)),
        }
    }

    /// The call was answered.
    pub fn done(&mut self, ticket: Ticket, now: Timestamp, told: &Told) {
        let (early, late) = (down(now), up(now));
        self.tidy(early);
        let counts = (told.outcome == Outcome::Answered).then_some(late);
        let Some(flight) = self.land(ticket, counts) else {
            // Its lease has run out, and it is counted already.
            return;
        };
        match told.outcome {
            Outcome::Answered => {
                self.log.add(late);
                self.refusals = 0;
            }
            Outcome::TooMany(Some(after)) => {
                self.refusals = self.refusals.saturating_add(1);
                // Nothing is longer than the longest budget, whatever a header says.
                self.close(late.saturating_add(tenths(after).min(HOUR)));
            }
            Outcome::TooMany(None) => self.pause(late),
            Outcome::TooManyAtOnce => match u32::try_from(self.flights.len()) {
                Ok(others @ 1..) => {
                    let until = late.saturating_add(CHOKED);
                    self.choke = Some(Choke { seats: others, until });
                }
                _ => self.pause(late),
            },
        }
        self.believe(told, flight, early, late);
    }

    /// Nobody waits for the answer any more, or it did not come: the call may have arrived, and may still be under way.
    pub fn lost(&mut self, ticket: Ticket, now: Timestamp) {
        let until = up(now).saturating_add(ABANDONED);
        if let Some(flight) = self.flights.iter_mut().find(|flight| flight.id == ticket.id) {
            flight.ends = until;
        }
    }

    /// The call never left this machine: it cost nothing.
    pub fn unsent(&mut self, ticket: Ticket) {
        self.land(ticket, None);
    }

    /// When a call can go that has so many others before it, if each is answered at once.
    pub fn ready_at(&self, ahead: usize, now: Timestamp) -> Timestamp {
        let start = up(now).max(self.closed_until);
        let under_way = self.flights.iter().map(|_| start);
        let mut marks: VecDeque<Tenths> = self.log.iter().chain(under_way).collect();
        let mut at = start;
        let (ahead, later) = self.without_whole_periods(ahead);
        for _ in 0..=ahead {
            for (length, limit, _) in self.windows() {
                let blocking = marks.len().checked_sub(limit).and_then(|index| marks.get(index));
                at = at.max(blocking.map_or(at, |mark| mark.saturating_add(length)));
            }
            marks.push_back(at);
        }
        time(at.saturating_add(later))
    }

    /// In a long queue the same pattern comes again with the tighter of the windows. Leaves out whole ones, and says how
    /// long they take.
    fn without_whole_periods(&self, ahead: usize) -> (usize, Tenths) {
        let size = |limit: usize| i64::try_from(limit).unwrap_or(i64::MAX);
        let [(hour, per_hour, _), (minute, per_minute, _)] = self.windows();
        let by_hour = hour.saturating_mul(size(per_minute)) >= minute.saturating_mul(size(per_hour));
        let (period, length) = if by_hour {
            (per_hour, hour)
        } else {
            (per_minute, minute)
        };
        let begun = per_hour.max(per_minute).saturating_mul(2);
        let whole = ahead.saturating_sub(begun) / period.max(1);
        (ahead - whole * period.max(1), length.saturating_mul(size(whole)))
    }

    /// What is left by the machine's knowledge.
    pub fn left(&self, now: Timestamp) -> Left {
        let now = down(now);
        let under_way = self.flights.iter().filter(|flight| flight.ends > now).count();
        let left = |length: Tenths, limit: u32| {
            let used = self.log.len() - self.log.first_after(now.saturating_sub(length)) + under_way;
            limit.saturating_sub(u32::try_from(used).unwrap_or(u32::MAX))
        };
        let [(hour, ..), (minute, ..)] = self.windows();
        Left {
            hour: left(hour, self.limits.per_hour),
            minute: left(minute, self.limits.per_minute),
            in_flight: self
                .limits
                .in_flight
                .saturating_sub(u32::try_from(under_way).unwrap_or(u32::MAX)),
        }
    }

    /// The limits as they are believed to be: the contract's, or what the platform's headers have named since.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// From when on nothing here matters any more, and all of it can be forgotten.
    pub fn idle_at(&self) -> Timestamp {
        let [(hour, ..), _] = self.windows();
        let marks = self.log.last().map(|mark| mark.saturating_add(hour));
        let flights = self.flights.iter().map(|flight| flight.ends.saturating_add(hour));
        let choke = self.choke.map(|choke| choke.until);
        let all = flights.chain(marks).chain(choke);
        time(all.fold(self.closed_until, Tenths::max))
    }

    /// How many bytes of memory it takes, itself included.
    pub fn size_in_memory(&self) -> usize {
        size_of::<Self>()
            + self.log.heap_bytes()
            + self.flights.capacity() * size_of::<Flight>()
            + self.size_apart()
    }

    /// The windows with their limits: the hour, then the minute.
    fn windows(&self) -> [(Tenths, usize, Why); 2] {
        let slack = tenths(self.limits.slack);
        let size = |limit: u32| usize::try_from(limit).unwrap_or(usize::MAX);
        [
            (HOUR + slack, size(self.limits.per_hour), Why::Hour),
            (MINUTE + slack, size(self.limits.per_minute), Why::Minute),
        ]
    }

    fn seats(&self) -> usize {
        let mut seats = self.limits.in_flight;
        if let Some(choke) = self.choke {
            seats = seats.min(choke.seats);
        }
        if self.is_apart() {
            seats = seats.min(SEATS_APART);
        }
        usize::try_from(seats).unwrap_or(usize::MAX)
    }

    fn wait_for_a_seat(&self, now: Tenths) -> Ruling {
        let ends = self.flights.iter().map(|flight| flight.ends).min();
        wait(ends.unwrap_or_else(|| now.saturating_add(PAUSE)), Why::InFlight)
    }

    fn take_off(&mut self, now: Tenths) -> Ticket {
        let id = self.next;
        self.next = self.next.wrapping_add(1);
        self.flights.push(Flight {
            id,
            sent: now,
            ends: now.saturating_add(LEASE),
        });
        self.note_begun(id);
        Ticket { id }
    }

    fn land(&mut self, ticket: Ticket, counts: Option<Tenths>) -> Option<Flight> {
        let flight = self.take_out(ticket.id)?;
        self.note_ended(flight.id, counts);
        Some(flight)
    }

    /// Forgets what has passed, and mends what a clock that went back has left in the future.
    fn tidy(&mut self, now: Tenths) {
        let [(hour, ..), _] = self.windows();
        self.log.forget_until(now.saturating_sub(hour + MEMORY));
        self.forget_ended_until(now.saturating_sub(hour));
        if self
            .log
            .last()
            .is_some_and(|last| last > now.saturating_add(BACK))
        {
            self.log.not_after(now);
        }
        let mut ended = Vec::new();
        self.flights.retain_mut(|flight| {
            flight.ends = flight.ends.min(now.saturating_add(LEASE));
            if flight.ends <= now {
                ended.push((flight.id, flight.ends));
            }
            flight.ends > now
        });
        for (id, end) in ended {
            self.log.add(end);
            self.note_ended(id, Some(end));
        }
        self.corrected = self.corrected.min(now);
        self.closed_until = self.closed_until.min(now.saturating_add(HOUR + BACK));
        self.choke = self
            .choke
            .filter(|choke| now < choke.until && choke.until <= now.saturating_add(CHOKED + BACK));
    }

    fn close(&mut self, until: Tenths) {
        self.closed_until = self.closed_until.max(until);
    }

    /// Waits a while, and longer each time that it did not help.
    fn pause(&mut self, now: Tenths) {
        let doubled = PAUSE
            .checked_shl(u32::from(self.refusals))
            .unwrap_or(LONGEST_PAUSE);
        self.refusals = self.refusals.saturating_add(1).min(16);
        self.close(now.saturating_add(doubled.clamp(PAUSE, LONGEST_PAUSE)));
    }

    /// Takes the platform's counting over its own.
    fn believe(&mut self, told: &Told, flight: Flight, now: Tenths, late: Tenths) {
        let (Some(limit), Some(remaining)) = (told.limit, told.remaining) else {
            // Nothing is left of what it does not say.
            if told.remaining == Some(0) && told.outcome == Outcome::Answered {
                self.pause(now);
            }
            return;
        };
        let reset_in = told.reset_in.map(|seconds| seconds.saturating_mul(10));
        let is_hour = self.is_hour(limit, reset_in);
        let [hour, minute] = self.windows();
        let (length, ..) = if is_hour { hour } else { minute };
        let sane = reset_in.filter(|reset| (1..=length.saturating_add(RESET_SLACK)).contains(reset));
        if remaining == 0 && sane.is_none() {
            // It says that nothing is left and cannot say until when.
            if told.outcome == Outcome::Answered {
                self.pause(now);
            }
            return;
        }
        if is_hour {
            self.limits.per_hour = limit;
        } else {
            self.limits.per_minute = limit;
        }
        // An answer can overtake another, and what the older one counted is known better by now.
        if flight.sent <= self.corrected {
            return;
        }
        let used = usize::try_from(limit.saturating_sub(remaining)).unwrap_or(usize::MAX);
        // What may have been counted when the answer was made, and what certainly was.
        let oldest = self.log.first_after(flight.sent.saturating_sub(length));
        let possible = self.log.len() - oldest + self.flights.len();
        let first = self.log.first_after(now.saturating_sub(length));
        let this = usize::from(told.outcome == Outcome::Answered);
        let before = self.log.first_after(flight.sent.saturating_sub(1));
        let certain = before.saturating_sub(first) + this;
        // Just outside the window, and not a fraction of a tenth before: the hour still counts what has left the minute.
        let outside = late.saturating_sub(length);
        if used > possible || certain > used {
            self.corrected = now;
        }
        if used > possible {
            // Somebody else uses the token too. The oldest of their calls leaves at the reset.
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
            // More than the limit at once is no use to know.
            for number in 0..(used - possible).min(usize::try_from(limit).unwrap_or(usize::MAX)) {
                self.log.add(if number == 0 { oldest } else { stamp });
            }
        } else {
            // It has forgotten some that are remembered here.
            for index in first..first + certain.saturating_sub(used) {
                // It goes to where the expired ones end, so the next one keeps its index.
                self.log.restamp(index, outside);
            }
        }
        if remaining == 0
            && let Some(reset) = sane
        {
            let first = self.log.first_after(now.saturating_sub(length));
            // Unless the one that the answer means has left since.
            if first == self.log.first_after(flight.sent.saturating_sub(length))
                && let Some(mark) = self.log.at(first)
                && (mark - outside).abs_diff(reset) > SAME_RESET.unsigned_abs()
                // Without a date its clock may be behind, and to go early is worse than to go late.
                && (told.clock_skew_seconds().is_some() || mark - outside < reset)
            {
                self.log.restamp(first, outside.saturating_add(reset).min(late));
            }
        }
    }

    /// Which window a header speaks of: the one with that limit, otherwise the one that fits its reset.
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

fn wait(until: Tenths, why: Why) -> Ruling {
    let until = time(until);
    Ruling::Wait(Wait { until, why })
}

/// Rounded up, so that a wait is never too short.
fn tenths(duration: Duration) -> Tenths {
    i64::try_from(duration.as_millis().div_ceil(100)).unwrap_or(i64::MAX / 4)
}
