//! A platform that counts by the contract.

use super::*;

/// The platform's counting (contract §3.6): it counts a call when the call arrives.
pub(super) struct Platform {
    pub(super) limits: RateLimits,
    pub(super) calls: Vec<i64>,
    pub(super) in_flight: u32,
    /// How far the clock is ahead.
    pub(super) skew: i64,
    pub(super) date: bool,
}

impl Platform {
    pub(super) fn new(limits: RateLimits) -> Self {
        Self {
            limits,
            calls: Vec::new(),
            in_flight: 0,
            skew: 0,
            date: true,
        }
    }

    /// Status, error, headers.
    pub(super) fn arrive(&mut self, now: i64) -> Answer {
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
            date: self.date.then(|| date(clock)),
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

    /// The number of calls, and when the first of them leaves.
    fn window(&self, now: i64, length: i64) -> (i64, i64) {
        let inside = self.calls.iter().filter(|call| **call + length * SECOND > now);
        (
            inside.clone().count() as i64,
            inside.min().unwrap_or(&now) + length * SECOND,
        )
    }
}

/// The text of a `Date` header.
pub(super) fn date(micros: i64) -> String {
    let time = std::time::SystemTime::try_from(Timestamp::from_unix_micros(micros));
    httpdate::fmt_http_date(time.unwrap())
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) error: &'static str,
    pub(super) limit: u32,
    pub(super) remaining: i64,
    pub(super) reset: i64,
    pub(super) retry_after: Option<String>,
    pub(super) date: Option<String>,
}

impl Answer {
    pub(super) fn headers(&self, now: i64) -> RateLimitHeaders {
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
        RateLimitHeaders::read(self.status, self.error, header, at(now))
    }
}
