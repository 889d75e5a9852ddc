//! What a budget answers.

use crate::Timestamp;

/// The permission for one call. Its holder has to report how the call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the call counts as in flight until its end is reported"]
pub struct Ticket {
    pub(super) id: u32,
}

/// Whether a call may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Now.
    Go(Ticket),
    /// Not yet.
    Wait(Wait),
}

/// When to ask again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wait {
    /// Ask again at this time, or when a call of this token ends.
    pub until: Timestamp,
    /// The limit that is reached.
    pub limited_by: LimitedBy,
}

/// The limit that a call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LimitedBy {
    /// The calls of any 60 seconds.
    Minute,
    /// The calls of a rolling hour.
    Hour,
    /// The calls in flight.
    InFlight,
    /// A pause that the platform asked for, or that follows a refusal.
    RetryAfter,
}

impl LimitedBy {
    /// A stable name in `snake_case`, for logs and metric labels.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::InFlight => "in_flight",
            Self::RetryAfter => "retry_after",
        }
    }
}

/// How many calls each limit has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remaining {
    /// In the rolling hour.
    pub hour: u32,
    /// In the last 60 seconds.
    pub minute: u32,
    /// In flight.
    pub in_flight: u32,
}
