//! Conversions to and from the time types of others.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Timestamp;
use crate::error::ErrorKind;

/// The time is out of the range of the other type.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the time is out of the range of {target}")]
pub struct TimestampRangeError {
    target: &'static str,
}

crate::readable_debug!(TimestampRangeError);

impl TimestampRangeError {
    const fn new(target: &'static str) -> Self {
        Self { target }
    }

    /// Who is at fault: the program, which needs a type with a larger range.
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

/// Saturates.
impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self(i64::try_from(after.as_micros()).unwrap_or(i64::MAX)),
            Err(before) => {
                let micros = before.duration().as_nanos().div_ceil(1000);
                Self(i64::try_from(micros).map_or(i64::MIN, i64::saturating_neg))
            }
        }
    }
}

impl TryFrom<Timestamp> for SystemTime {
    type Error = TimestampRangeError;

    fn try_from(time: Timestamp) -> Result<Self, Self::Error> {
        let distance = Duration::from_micros(time.0.unsigned_abs());
        let time = if time.0 < 0 {
            UNIX_EPOCH.checked_sub(distance)
        } else {
            UNIX_EPOCH.checked_add(distance)
        };
        time.ok_or(TimestampRangeError::new("SystemTime"))
    }
}

#[cfg(feature = "jiff")]
impl From<jiff::Timestamp> for Timestamp {
    fn from(time: jiff::Timestamp) -> Self {
        // The years of jiff fit into an `i64` of microseconds.
        let micros = time.as_nanosecond().div_euclid(1000);
        Self(i64::try_from(micros).unwrap_or(i64::MAX))
    }
}

#[cfg(feature = "jiff")]
impl TryFrom<Timestamp> for jiff::Timestamp {
    type Error = TimestampRangeError;

    fn try_from(time: Timestamp) -> Result<Self, Self::Error> {
        Self::from_microsecond(time.0).map_err(|_| TimestampRangeError::new("jiff::Timestamp"))
    }
}

#[cfg(feature = "chrono")]
impl<Z: chrono::TimeZone> From<chrono::DateTime<Z>> for Timestamp {
    fn from(time: chrono::DateTime<Z>) -> Self {
        Self(time.timestamp_micros())
    }
}

#[cfg(feature = "chrono")]
impl TryFrom<Timestamp> for chrono::DateTime<chrono::Utc> {
    type Error = TimestampRangeError;

    fn try_from(time: Timestamp) -> Result<Self, Self::Error> {
        Self::from_timestamp_micros(time.0).ok_or(TimestampRangeError::new("chrono::DateTime"))
    }
}

/// Fails only if the `time` crate has its feature `large-dates`.
#[cfg(feature = "time")]
impl TryFrom<time::OffsetDateTime> for Timestamp {
    type Error = TimestampRangeError;

    fn try_from(time: time::OffsetDateTime) -> Result<Self, Self::Error> {
        let micros = time.unix_timestamp_nanos().div_euclid(1000);
        i64::try_from(micros)
            .map(Self)
            .map_err(|_| TimestampRangeError::new("Timestamp"))
    }
}

#[cfg(feature = "time")]
impl TryFrom<Timestamp> for time::OffsetDateTime {
    type Error = TimestampRangeError;

    fn try_from(time: Timestamp) -> Result<Self, Self::Error> {
        Self::from_unix_timestamp_nanos(i128::from(time.0) * 1000)
            .map_err(|_| TimestampRangeError::new("time::OffsetDateTime"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_fraction_of_a_microsecond_is_cut_off_towards_the_past() {
        let nano = Duration::from_nanos(1);
        assert_eq!(Timestamp::from(UNIX_EPOCH + nano), Timestamp(0));
        assert_eq!(Timestamp::from(UNIX_EPOCH - nano), Timestamp(-1));
        #[cfg(feature = "jiff")]
        assert_eq!(
            Timestamp::from(jiff::Timestamp::from_nanosecond(-1).unwrap()),
            Timestamp(-1)
        );
        #[cfg(feature = "chrono")]
        assert_eq!(
            Timestamp::from(chrono::DateTime::from_timestamp_nanos(-1)),
            Timestamp(-1)
        );
        #[cfg(feature = "time")]
        assert_eq!(
            Timestamp::try_from(time::OffsetDateTime::from_unix_timestamp_nanos(-1).unwrap()),
            Ok(Timestamp(-1))
        );
    }

    #[cfg(all(feature = "jiff", feature = "chrono", feature = "time"))]
    #[test]
    fn a_time_out_of_range_is_an_error_that_names_the_type() {
        let errors = [
            jiff::Timestamp::try_from(Timestamp::MAX).unwrap_err(),
            chrono::DateTime::try_from(Timestamp::MAX).unwrap_err(),
            time::OffsetDateTime::try_from(Timestamp::MAX).unwrap_err(),
        ];
        assert_eq!(
            errors.map(|error| error.to_string()),
            [
                "the time is out of the range of jiff::Timestamp",
                "the time is out of the range of chrono::DateTime",
                "the time is out of the range of time::OffsetDateTime",
            ]
        );
    }

    /// Microseconds of the years −9999 to 9999, which all types hold.
    fn micros() -> impl Strategy<Value = i64> {
        -377_000_000_000_000_000..253_000_000_000_000_000_i64
    }

    proptest! {
        #[test]
        fn every_type_keeps_the_microsecond(micros in micros()) {
            let at = Timestamp(micros);
            prop_assert_eq!(Timestamp::from(SystemTime::try_from(at).unwrap()), at);
            #[cfg(feature = "jiff")]
            prop_assert_eq!(Timestamp::from(jiff::Timestamp::try_from(at).unwrap()), at);
            #[cfg(feature = "chrono")]
            prop_assert_eq!(Timestamp::from(chrono::DateTime::try_from(at).unwrap()), at);
            #[cfg(feature = "time")]
            prop_assert_eq!(Timestamp::try_from(time::OffsetDateTime::try_from(at).unwrap()), Ok(at));
        }

        #[test]
        fn any_time_has_a_system_time_or_an_error(micros: i64) {
            let at = Timestamp(micros);
            if let Ok(time) = SystemTime::try_from(at) {
                prop_assert_eq!(Timestamp::from(time), at);
            }
        }
    }
}
