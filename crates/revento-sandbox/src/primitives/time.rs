//! Points in time, in UTC and to the microsecond.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const MICROS: i64 = 1_000_000;

/// A point in time. Arithmetic saturates, so that no input makes it wrap or panic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Time(i64);

impl Time {
    pub(crate) const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    pub(crate) const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(MICROS))
    }

    pub(crate) const fn micros(self) -> i64 {
        self.0
    }

    /// Unix seconds, rounded down.
    pub(crate) const fn unix(self) -> i64 {
        self.0.div_euclid(MICROS)
    }

    /// Unix seconds, rounded up.
    pub(crate) const fn unix_ceil(self) -> i64 {
        self.0.saturating_add(MICROS - 1).div_euclid(MICROS)
    }

    pub(crate) const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(MICROS)))
    }

    pub(crate) const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// The time until `later`; zero if it has passed.
    pub(crate) fn until(self, later: Self) -> Duration {
        Duration::from_micros(u64::try_from(later.0.saturating_sub(self.0)).unwrap_or(0))
    }

    /// The value of an HTTP `Date` header (RFC 9110 §5.6.7).
    pub(crate) fn http_date(self) -> Option<String> {
        let stamp = jiff::Timestamp::from_microsecond(self.0).ok()?;
        jiff::fmt::rfc2822::DateTimePrinter::new()
            .timestamp_to_rfc9110_string(&stamp)
            .ok()
    }

    /// The next Monday at 00:00 UTC.
    pub(crate) fn next_monday(self) -> Option<Self> {
        let now = jiff::Timestamp::from_microsecond(self.0).ok()?;
        let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
        let monday = today.nth_weekday(1, jiff::civil::Weekday::Monday).ok()?;
        let midnight = monday.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Self(midnight.timestamp().as_microsecond()))
    }

    /// The date, such as `2027-05-14`.
    pub(crate) fn day(self) -> String {
        self.to_string().chars().take(10).collect()
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stamp = jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::MAX);
        write!(f, "{stamp}")
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let stamp: jiff::Timestamp = text.parse().map_err(de::Error::custom)?;
        Ok(Self(stamp.as_microsecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_read_as_iso_8601_in_utc() {
        assert_eq!(
            Time::from_seconds(1_778_336_551).to_string(),
            "2026-05-09T14:22:31Z"
        );
    }

    #[test]
    fn http_dates_are_written_as_rfc_9110_prefers() {
        assert_eq!(
            Time::from_seconds(1_778_336_551).http_date().unwrap(),
            "Sat, 09 May 2026 14:22:31 GMT"
        );
        assert_eq!(Time::from_micros(i64::MAX).http_date(), None);
    }

    #[test]
    fn a_week_begins_on_monday() {
        for (now, monday) in [
            ("2026-05-09T14:22:31Z", "2026-05-11T00:00:00Z"),
            ("2026-05-10T23:59:59Z", "2026-05-11T00:00:00Z"),
            ("2026-05-11T00:00:00Z", "2026-05-18T00:00:00Z"),
        ] {
            let now: Time = serde_json::from_value(now.into()).unwrap();
            assert_eq!(now.next_monday().unwrap().to_string(), monday);
        }
        assert_eq!(Time::from_micros(i64::MAX).next_monday(), None);
    }

    proptest! {
        #[test]
        fn every_time_until_the_year_9999_survives_serialization(micros in 0_i64..253_402_300_799_000_000) {
            let text = serde_json::to_string(&Time::from_micros(micros)).unwrap();
            prop_assert_eq!(serde_json::from_str::<Time>(&text).unwrap(), Time::from_micros(micros));
        }
    }
}
