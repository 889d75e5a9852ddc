//! What an answer says about the budgets.

use std::time::Duration;

use jiff::fmt::{rfc2822::DateTimeParser, strtime::BrokenDownTime};

use crate::Timestamp;

/// Nobody waits longer than this for anything that a header says.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// A limit above this is no limit that anybody means.
const LARGEST_LIMIT: u32 = 1_000_000;

/// What became of a call, as far as its budgets are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It was answered, with whatever status: it counts.
    Answered,
    /// 429, other than the next one: the whole token waits. With the platform's word on how long, where it gave one.
    TooMany(Option<Duration>),
    /// 429 `concurrent_limit_exceeded` without a `Retry-After`: wait for one of one's own calls (contract §3.5).
    TooManyAtOnce,
}

/// What an answer says about the budgets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    pub(super) outcome: Outcome,
    pub(super) limit: Option<u32>,
    pub(super) remaining: Option<u32>,
    /// Seconds from the answer to the reset; negative when that lies in the past.
    pub(super) reset_in: Option<i64>,
    retry_after: Option<Duration>,
    skew: Option<i64>,
}

impl Told {
    /// Reads an answer: its status, the `error` of its body (empty when there is none), its headers, and the time by
    /// the caller's clock. A header that cannot be read is as if it were absent.
    pub fn read<'h>(
        status: u16,
        error: &str,
        header: impl Fn(&'static str) -> Option<&'h str>,
        now: Timestamp,
    ) -> Self {
        let number = |name| header(name).and_then(|text| text.trim().parse::<i64>().ok());
        let small = |name| number(name).and_then(|number| u32::try_from(number).ok());
        let server_now = header("date").and_then(http_date);
        let date = server_now.unwrap_or(now);
        let retry_after = header("retry-after").and_then(|text| retry_after(text, date));
        let outcome = match (status, error) {
            (429, "concurrent_limit_exceeded") if retry_after.is_none() => Outcome::TooManyAtOnce,
            (429, _) => Outcome::TooMany(retry_after),
            _ => Outcome::Answered,
        };
        Self {
            outcome,
            limit: small("x-ratelimit-limit").filter(|limit| (1..=LARGEST_LIMIT).contains(limit)),
            remaining: small("x-ratelimit-remaining"),
            reset_in: number("x-ratelimit-reset").map(|at| at.saturating_sub(date.unix_seconds())),
            retry_after,
            skew: server_now.map(|server| server.unix_seconds().saturating_sub(now.unix_seconds())),
        }
    }

    /// What became of the call.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// How long the platform asks one to wait, whatever the status.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// By how many seconds the platform's clock is ahead of the caller's, negative when it is behind; `None` when the
    /// answer bore no `Date`. Exact to a second and the time that the answer took.
    pub fn clock_skew_seconds(&self) -> Option<i64> {
        self.skew
    }
}

/// What `Retry-After` says: seconds, or a date in any of the three forms of HTTP (RFC 9110 §10.2.3 and §5.6.7). A date
/// that has passed is no wait; nothing is longer than a day; what is neither is as if the header were absent.
pub fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are a long time, too.
        let seconds = value.parse().map_or(LONGEST, Duration::from_secs);
        return Some(seconds.min(LONGEST));
    }
    Some(http_date(value)?.saturating_since(now).min(LONGEST))
}

/// A date as HTTP writes it: the form of today, or one of the two that have to be understood (RFC 9110 §5.6.7).
fn http_date(value: &str) -> Option<Timestamp> {
    let value = value.trim();
    let at = DateTimeParser::new().parse_timestamp(value).ok().or_else(|| {
        ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
            .iter()
            .find_map(|form| {
                let parts = BrokenDownTime::parse(form, value).ok()?;
                let zoned = parts.to_datetime().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
                Some(zoned.timestamp())
            })
    })?;
    Some(Timestamp::from_unix_micros(at.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a7_every_form_of_retry_after_is_read_or_passed_over() {
        let now: Timestamp = "2026-05-09T14:22:31Z".parse().unwrap();
        let seconds = |value: &str| retry_after(value, now).map(|pause| pause.as_secs());
        assert_eq!(seconds("5"), Some(5));
        assert_eq!(seconds(" 5 "), Some(5));
        assert_eq!(seconds("0"), Some(0));
        for legal in [
            "Sat, 09 May 2026 14:22:41 GMT",
            "Saturday, 09-May-26 14:22:41 GMT",
            "Sat May  9 14:22:41 2026",
        ] {
            assert_eq!(seconds(legal), Some(10), "{legal}");
        }
        assert_eq!(seconds("Sat, 09 May 2026 14:22:21 GMT"), Some(0));
        for endless in [
            "99999999999999999999",
            "31536000",
            "Thu, 31 Dec 9998 23:59:59 GMT",
        ] {
            assert_eq!(seconds(endless), Some(86_400), "{endless}");
        }
        for odd in [
            "",
            "-1",
            "+5",
            "1.5",
            "inf",
            "NaN",
            "1e300",
            "soon",
            "5, 6",
            "Sat, 99 May 2026",
            "\u{664}",
        ] {
            assert_eq!(seconds(odd), None, "{odd}");
        }
    }

    #[test]
    fn a9_a_reset_is_taken_by_the_platforms_clock() {
        let now = Timestamp::from_unix_seconds(1_000_000);
        let told = |date: &'static str| {
            let header = move |name| match name {
                "date" => Some(date),
                "x-ratelimit-reset" => Some("784111787"),
                _ => None,
            };
            Told::read(200, "", header, now)
        };
        let told_with_date = told("Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(told_with_date.reset_in, Some(10));
        assert_eq!(told_with_date.clock_skew_seconds(), Some(783_111_777));
        assert_eq!(told("yesterday").reset_in, Some(783_111_787));
        assert_eq!(told("yesterday").clock_skew_seconds(), None);
    }
}
