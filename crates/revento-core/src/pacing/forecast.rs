//! What a budget can say in advance.

use std::collections::VecDeque;

use super::{
    Budget, LimitedBy, Remaining, Wait,
    call_times::{Tenths, down, time, up},
};
use crate::Timestamp;

impl Budget {
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
}
