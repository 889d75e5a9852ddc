//! Dates and pauses in HTTP headers.

use std::time::Duration;

use crate::Timestamp;

/// The longest pause that a header can ask for. Longer ones are cut to it.
const MAX_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// Reads the date of a header such as `Date`, in any of the three forms of RFC 9110 §5.6.7. `None` for other text.
pub fn parse(value: &str) -> Option<Timestamp> {
    let time = httpdate::parse_http_date(value.trim()).ok()?;
    Some(Timestamp::from(time))
}

/// Reads `Retry-After`: seconds, or a date (RFC 9110 §10.2.3). A date in the past gives zero. A pause of more than a day
/// is cut to a day. `None` for other text.
pub fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that does not fit is a long pause, too.
        let pause = value.parse().map_or(MAX_PAUSE, Duration::from_secs);
        return Some(pause.min(MAX_PAUSE));
    }
    Some(parse(value)?.saturating_since(now).min(MAX_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a7_every_form_of_retry_after_is_read_or_ignored() {
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
}
