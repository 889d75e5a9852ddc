//! When a read is repeated, and after how long. Pure.

use std::time::Duration;

use revento_core::Timestamp;

/// How many requests one read may cost, the repetition after a refresh not counted.
pub(crate) const ATTEMPTS: u32 = 4;
/// The longest that a read waits for the platform's word. Beyond that its caller is told instead.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// The longest pause before attempt `attempt + 1`, to take a random share of (full jitter).
pub(crate) fn backoff(attempt: u32) -> Duration {
    let doubled = 200u64.saturating_mul(1 << attempt.min(6));
    Duration::from_millis(doubled.min(10_000))
}

/// What `Retry-After` says: seconds or a date (RFC 9110 §10.2.3). Anything else is as if it were absent.
pub(crate) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if value.bytes().all(|byte| byte.is_ascii_digit()) {
        return value.parse().ok().map(Duration::from_secs);
    }
    let at = jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(value)
        .ok()?;
    Some(Timestamp::from_unix_micros(at.as_microsecond()).saturating_since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a7_every_form_of_retry_after_is_read_or_passed_over() {
        let now: Timestamp = "2026-05-09T14:22:31Z".parse().unwrap();
        let seconds = |value: &str| retry_after(value, now).map(|pause| pause.as_secs());
        assert_eq!(seconds("5"), Some(5));
        assert_eq!(seconds("0"), Some(0));
        assert_eq!(seconds("Sat, 09 May 2026 14:22:41 GMT"), Some(10));
        assert_eq!(seconds("Sat, 09 May 2026 14:22:21 GMT"), Some(0));
        for odd in ["", "-1", "1.5", "inf", "1e300", "soon", "99999999999999999999"] {
            assert_eq!(seconds(odd), None, "{odd}");
        }
    }

    #[test]
    fn a13_backoff_never_overflows() {
        assert_eq!(backoff(0), Duration::from_millis(200));
        assert_eq!(backoff(u32::MAX), Duration::from_secs(10));
    }
}
