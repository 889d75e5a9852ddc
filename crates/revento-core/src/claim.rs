//! What a token store and the refresh machine say to each other: versions, swaps and claims.

use crate::Timestamp;

/// Names one state of a record: it grows with every write and is never used twice for a key, not
/// even after the record was removed and created again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub i64);

/// Numbers the claims on a connection: each granted one is higher than all before it, also after a
/// removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence(pub i64);

/// The answer to a swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SwapOutcome {
    /// The record is replaced.
    Swapped(Version),
    /// The record has another version, is gone, or the claim is another's. Nothing was changed: load again.
    Conflict,
}

/// What a claim asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClaimTerms {
    /// The record as it was read.
    pub version: Version,
    /// The caller's time: an earlier claim that ends at or before it has expired.
    pub now: Timestamp,
    /// When this claim expires.
    pub until: Timestamp,
}

/// The answer to a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClaimOutcome {
    /// The caller alone may refresh now.
    Granted {
        /// Names the claim in `swap` and `release`.
        fence: Fence,
        /// Whether an earlier claim, taken at the same generation, ran out without being released or
        /// ended by a swap: its holder may have sent the refresh token.
        abandoned: bool,
    },
    /// Somebody else holds the claim.
    Held {
        /// When that claim expires.
        until: Timestamp,
    },
    /// The record has another version, or is gone. Load again.
    VersionChanged,
}
