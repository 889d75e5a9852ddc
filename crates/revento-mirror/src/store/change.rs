//! The entries of the change feed, as a store keeps them.

use std::fmt;

use revento_core::Timestamp;

use super::RowKey;

/// An entry of the change feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredChange {
    /// The position: `1` for the event's first change, and one more for each.
    pub position: i64,
    /// When it was written, by the writer's clock.
    pub at: Timestamp,
    /// What has changed.
    pub content: ChangeContent,
}

/// What has changed.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeContent {
    /// A row was added (no `before`), changed or removed (no `after`).
    Row {
        /// The row.
        key: RowKey,
        /// Its JSON before.
        before: Option<Box<str>>,
        /// Its JSON after.
        after: Option<Box<str>>,
    },
    /// All data of the event was wiped.
    Wiped,
}

/// Without the content, which is personal.
impl fmt::Debug for ChangeContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row { key, before, after } => f
                .debug_struct("Row")
                .field("key", key)
                .field("before_bytes", &before.as_ref().map(|json| json.len()))
                .field("after_bytes", &after.as_ref().map(|json| json.len()))
                .finish(),
            Self::Wiped => f.write_str("Wiped"),
        }
    }
}

/// A part of the change feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredChanges {
    /// The entries behind the given position, in their order, without a gap.
    pub changes: Vec<StoredChange>,
    /// The entries up to this position are forgotten; `0` if none is. A reader that has not seen them has missed them.
    pub forgotten_to: i64,
}
