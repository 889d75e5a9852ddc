//! The timestamp header and its tolerance.

use core::time::Duration;

use crate::error::VerifyError;

/// Reads `[0-9]{1,12}`: no sign, no space, no fraction. Leading zeros are allowed, since the signature covers the text as
/// sent.
#[inline]
pub(crate) fn parse(digits: &[u8]) -> Result<i64, VerifyError> {
    if digits.is_empty() || digits.len() > 12 {
        return Err(VerifyError::MalformedTimestamp);
    }
    digits.iter().try_fold(0, |value, digit| {
        if digit.is_ascii_digit() {
            Ok(value * 10 + i64::from(digit - b'0'))
        } else {
            Err(VerifyError::MalformedTimestamp)
        }
    })
}

/// Checks the distance between the timestamp and now. The tolerance is inclusive and the same in both directions.
#[inline]
pub(crate) fn check(timestamp: i64, now: i64, tolerance: Duration) -> Result<(), VerifyError> {
    let distance = Duration::from_secs(now.abs_diff(timestamp));
    if distance <= tolerance {
        Ok(())
    } else if timestamp < now {
        Err(VerifyError::Stale { age: distance })
    } else {
        Err(VerifyError::Future { ahead: distance })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLERANCE: Duration = Duration::from_secs(300);

    /// Each adapter reads these texts from a socket, too: `w13_…` of the whole-system tests.
    #[test]
    fn w13_w12_only_digits_are_a_timestamp() {
        for text in [
            "",
            "NaN",
            "Infinity",
            "-Infinity",
            "123.45",
            "null",
            "[1]",
            "+1",
            "-1",
            " 1",
            "1 ",
            "1_0",
            "1234567890123",
            "9223372036854775807",
            "-9223372036854775808",
            "99999999999999999999",
            "١",
        ] {
            assert_eq!(
                parse(text.as_bytes()),
                Err(VerifyError::MalformedTimestamp),
                "{text:?}"
            );
        }
        assert_eq!(parse(b"0"), Ok(0));
        assert_eq!(parse(b"0001"), Ok(1));
        assert_eq!(parse(b"999999999999"), Ok(999_999_999_999));
    }

    #[test]
    fn w14_the_window_is_inclusive_and_symmetric() {
        let beyond = Duration::from_secs(301);
        for now in [1_778_336_551, 300, 0] {
            assert_eq!(check(now - 300, now, TOLERANCE), Ok(()));
            assert_eq!(check(now + 300, now, TOLERANCE), Ok(()));
            assert_eq!(
                check(now - 301, now, TOLERANCE),
                Err(VerifyError::Stale { age: beyond })
            );
            assert_eq!(
                check(now + 301, now, TOLERANCE),
                Err(VerifyError::Future { ahead: beyond })
            );
        }
    }

    #[test]
    fn w15_no_clock_overflows() {
        assert!(check(0, i64::MIN, TOLERANCE).is_err());
        assert!(check(999_999_999_999, i64::MIN, TOLERANCE).is_err());
        assert!(check(0, i64::MAX, TOLERANCE).is_err());
    }
}
