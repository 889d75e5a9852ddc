//! The values that a token store and the refresh machine exchange: versions, compare-and-swap and claims.

use crate::Timestamp;

/// One state of a record.
///
/// The version of a key grows with every write. A store never uses a version twice for a key, not even after the
/// record was removed and created again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub i64);

/// The number of a claim (a fencing token).
///
/// The fence of a granted claim is higher than that of every earlier claim on the same key, also after the record was
/// removed and created again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence(pub i64);

/// The result of a compare-and-swap on a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SwapOutcome {
    /// The record is replaced and has this version now.
    Swapped(Version),
    /// The record has another version or does not exist, or the fence is not that of the current claim. The store
    /// changed nothing: load the record again.
    Conflict,
}

/// The arguments of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClaimTerms {
    /// The version of the record that the caller has loaded.
    pub version: Version,
    /// The caller's time. An earlier claim is expired if its `until` is at or before this time.
    pub now: Timestamp,
    /// When the new claim expires.
    pub until: Timestamp,
}

/// The result of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClaimOutcome {
    /// The caller holds the claim, and nobody else may refresh until it ends.
    Granted {
        /// Identifies the claim in `compare_and_swap` and `release`.
        fence: Fence,
        /// Whether an earlier claim expired that its holder had neither released nor ended by a compare-and-swap.
        /// That holder may have sent the refresh token.
        abandoned: bool,
    },
    /// Another holder's claim is still valid.
    Held {
        /// When that claim expires.
        until: Timestamp,
    },
    /// The record has another version or does not exist. Load it again.
    VersionChanged,
}
