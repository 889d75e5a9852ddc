//! The platform's headers correct what a budget has counted (invariant C1).

use super::{
    Budget, CallOutcome, RateLimitHeaders,
    budget::{CallInFlight, MINUTE},
    call_times::Tenths,
};

/// A reset may be this much further away than its window is long, because it and the date are rounded.
const RESET_SLACK: Tenths = 50;
/// Two resets that differ by less are the same one, because they are rounded and a round trip late.
const SAME_RESET: Tenths = 20;

impl Budget {
    /// Corrects the log by the platform's headers.
    pub(super) fn apply_headers(
        &mut self,
        headers: &RateLimitHeaders,
        call: CallInFlight,
        now: Tenths,
        late: Tenths,
    ) {
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
