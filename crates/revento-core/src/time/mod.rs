//! Points in time, in UTC, to the microsecond.

mod convert;

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use self::convert::TimestampRangeError;
use crate::error::ErrorKind;

/// A point in time: microseconds since 1970-01-01T00:00:00Z.
///
/// Arithmetic saturates. A negative value is a time before 1970. The text is RFC 3339, in both directions; only times of the
/// years −9999 to 9999 have one.
///
/// A timestamp converts to and from `SystemTime`, and by a feature of the same name each to and from the times of the
/// crates `jiff`, `chrono` and `time`. What is finer than a microsecond is cut off, towards the past.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use revento_core::Timestamp;
///
/// let time = Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_secs(5));
/// assert_eq!(time.to_string(), "1970-01-01T00:00:05Z");
/// assert_eq!(SystemTime::try_from(time)?, SystemTime::UNIX_EPOCH + Duration::from_secs(5));
/// # Ok::<(), revento_core::time::TimestampRangeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: Self = Self(0);
    /// The latest time of this type.
    pub const MAX: Self = Self(i64::MAX);

    /// The time this many seconds after the Unix epoch. Saturates.
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// The time this many microseconds after the Unix epoch.
    pub const fn from_unix_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Whole seconds since the Unix epoch, rounded towards the past.
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Microseconds since the Unix epoch.
    pub const fn unix_micros(self) -> i64 {
        self.0
    }

    /// The time since `earlier`; zero if `earlier` is later.
    pub fn saturating_since(self, earlier: Self) -> Duration {
        let micros = i128::from(self.0) - i128::from(earlier.0);
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    /// This time plus a duration. Saturates at [`Timestamp::MAX`].
    pub fn saturating_add(self, by: Duration) -> Self {
        Self(self.0.saturating_add(micros(by)))
    }

    /// This time minus a duration. Saturates.
    pub fn saturating_sub(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(micros(by)))
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(time) => fmt::Display::fmt(&time, f),
            Err(_) => write!(f, "{} µs after 1970-01-01T00:00:00Z", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a time by RFC 3339.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a time: expected RFC 3339 in UTC, such as 2026-05-09T14:22:31Z")]
pub struct ParseTimestampError {
    text: String,
}

crate::readable_debug!(ParseTimestampError);

impl ParseTimestampError {
    /// Who is at fault: the author of the text.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Usage
    }

    /// Whether the same call can succeed later: no.
    pub fn is_transient(&self) -> bool {
        false
    }

    /// Whether the call may have taken effect: no.
    pub fn may_have_taken_effect(&self) -> bool {
        false
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<jiff::Timestamp>()
            .map(|time| Self(time.as_microsecond()))
            .map_err(|_| ParseTimestampError {
                text: text.chars().take(64).collect(),
            })
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Timestamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a time by RFC 3339")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                text.parse()
                    .map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_a_round_trip() {
        let time: Timestamp = "2026-05-09T14:22:31.000001Z".parse().unwrap();
        assert_eq!(time.to_string(), "2026-05-09T14:22:31.000001Z");
        assert_eq!("2026-05-09T16:22:31.000001+02:00".parse(), Ok(time));
    }

    #[test]
    fn w15_times_before_1970_are_negative_and_rounded_to_the_past() {
        let before = std::time::UNIX_EPOCH - Duration::from_millis(1500);
        assert_eq!(Timestamp::from(before).unix_seconds(), -2);
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(Timestamp::MAX.saturating_add(Duration::MAX), Timestamp::MAX);
        let ancient = Timestamp::from_unix_micros(i64::MIN);
        assert_eq!(
            Timestamp::UNIX_EPOCH.saturating_since(Timestamp::MAX),
            Duration::ZERO
        );
        assert!(Timestamp::MAX.saturating_since(ancient) > Duration::from_secs(1));
        assert!(ancient.to_string().contains(" µs after 1970"));
    }

    #[test]
    fn a_bad_time_is_an_error_that_names_what_is_expected() {
        let error = serde_json::from_str::<Timestamp>("\"yesterday\"").unwrap_err();
        assert!(
            error.to_string().contains("expected a time by RFC 3339"),
            "{error}"
        );
    }
}
