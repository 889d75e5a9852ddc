//! [`Stamp`]: how new a piece of information is.

use std::fmt;

use revento_core::Timestamp;

/// How new a piece of information is: a time of the platform's clock, and whether a webhook or a read brought it.
///
/// Stamps are ordered by their time; of equal times the read's is the later, because a page shows everything that happened up
/// to its time. Information replaces other information unless its stamp is earlier.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(i64);

impl Stamp {
    /// The stamp of a webhook that occurred at this time.
    pub const fn webhook(occurred_at: Timestamp) -> Self {
        Self(occurred_at.unix_micros().saturating_mul(2))
    }

    /// The stamp of a page that shows everything up to this time.
    pub const fn read(as_of: Timestamp) -> Self {
        Self(as_of.unix_micros().saturating_mul(2).saturating_add(1))
    }

    /// The time.
    pub const fn at(self) -> Timestamp {
        Timestamp::from_unix_micros(self.0.div_euclid(2))
    }

    /// The number that a store keeps. Numbers are ordered as their stamps are.
    pub const fn to_number(self) -> i64 {
        self.0
    }

    /// The stamp of a number that a store has kept.
    pub const fn from_number(number: i64) -> Self {
        Self(number)
    }
}

impl fmt::Debug for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = if self.0.rem_euclid(2) == 0 {
            "webhook"
        } else {
            "read"
        };
        write!(f, "{source} {}", self.at())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_times_the_read_is_the_later() {
        let time = Timestamp::from_unix_micros;
        for micros in [-3, 0, 5] {
            assert!(Stamp::webhook(time(micros)) < Stamp::read(time(micros)));
            assert!(Stamp::read(time(micros)) < Stamp::webhook(time(micros + 1)));
            assert_eq!(Stamp::read(time(micros)).at(), time(micros));
            assert_eq!(Stamp::webhook(time(micros)).at(), time(micros));
        }
    }
}
