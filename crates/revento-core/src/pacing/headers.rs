//! What an answer says about the budgets.

use std::time::Duration;

use crate::{Timestamp, http_date};

/// The largest limit that a header can set. A larger one is ignored.
const MAX_LIMIT: u32 = 1_000_000;

/// How a call ended, as far as its budgets are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallOutcome {
    /// The platform answered with any status but 429. The call counts.
    Answered,
    /// 429, and the whole token has to wait: for the time that `Retry-After` names, if the answer had it.
    RateLimited(Option<Duration>),
    /// 429 `concurrent_limit_exceeded` without `Retry-After`: wait for a call in flight to end (contract §3.5).
    ConcurrencyLimited,
}

/// The rate limit headers, the status and the date of an answer (contract §3.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimitHeaders {
    pub(super) outcome: CallOutcome,
    pub(super) limit: Option<u32>,
    pub(super) remaining: Option<u32>,
    /// Seconds from the answer to the reset; negative if the reset is in the past.
    pub(super) reset_in: Option<i64>,
    retry_after: Option<Duration>,
    skew: Option<i64>,
}

impl RateLimitHeaders {
    /// Reads an answer: its status, the `error` of its body (empty if it has none), its headers, and the time of the
    /// caller's clock. A header that cannot be read counts as absent.
    pub fn read<'h>(
        status: u16,
        error: &str,
        header: impl Fn(&'static str) -> Option<&'h str>,
        now: Timestamp,
    ) -> Self {
        let number = |name| header(name).and_then(|text| text.trim().parse::<i64>().ok());
        let small = |name| number(name).and_then(|number| u32::try_from(number).ok());
        let server_now = header("date").and_then(http_date::parse);
        let date = server_now.unwrap_or(now);
        let retry_after = header("retry-after").and_then(|text| http_date::retry_after(text, date));
        let outcome = match (status, error) {
            (429, "concurrent_limit_exceeded") if retry_after.is_none() => CallOutcome::ConcurrencyLimited,
            (429, _) => CallOutcome::RateLimited(retry_after),
            _ => CallOutcome::Answered,
        };
        Self {
            outcome,
            limit: small("x-ratelimit-limit").filter(|limit| (1..=MAX_LIMIT).contains(limit)),
            remaining: small("x-ratelimit-remaining"),
            reset_in: number("x-ratelimit-reset").map(|at| at.saturating_sub(date.unix_seconds())),
            retry_after,
            skew: server_now.map(|server| server.unix_seconds().saturating_sub(now.unix_seconds())),
        }
    }

    /// How the call ended.
    pub fn outcome(&self) -> CallOutcome {
        self.outcome
    }

    /// The pause that the platform asks for, with any status.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// How many seconds the platform's clock is ahead of the caller's; negative if it is behind. `None` if the answer has
    /// no `Date`. The error is up to a second and the duration of the call.
    pub fn clock_skew_seconds(&self) -> Option<i64> {
        self.skew
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a9_a_reset_is_relative_to_the_platforms_clock() {
        let now = Timestamp::from_unix_seconds(1_000_000);
        let read = |date: &'static str| {
            let header = move |name| match name {
                "date" => Some(date),
                "x-ratelimit-reset" => Some("784111787"),
                _ => None,
            };
            RateLimitHeaders::read(200, "", header, now)
        };
        let dated = read("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(dated.reset_in, Some(10));
        assert_eq!(dated.clock_skew_seconds(), Some(783_111_777));
        assert_eq!(read("yesterday").reset_in, Some(783_111_787));
        assert_eq!(read("yesterday").clock_skew_seconds(), None);
    }
}
