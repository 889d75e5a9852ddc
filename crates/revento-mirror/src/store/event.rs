//! What a store knows of an event.

use revento_core::{EventId, Timestamp};
use revento_store::Fence;

use super::{ResourceKind, StoredRow};

/// The state of one event's mirror, without its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirroredEvent {
    /// The event.
    pub event_id: EventId,
    /// Grows when the event's data has to be wiped. A write of an earlier epoch has no effect.
    pub epoch: i64,
    /// The mirror's notes: JSON text that a store does not read.
    pub progress: Box<str>,
    /// Since when a webhook wishes a read, because it could not complete a row.
    pub wished_at: Option<Timestamp>,
    /// The position of the last change, `0` before the first. It never goes back.
    pub last_change: i64,
}

/// The result of [`MirrorStore::load`](super::MirrorStore::load), all of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The event; `None` if it is not known. Then there are no rows.
    pub event: Option<MirroredEvent>,
    /// Those of the rows that exist, in any order.
    pub rows: Vec<StoredRow>,
}

/// The result of [`MirrorStore::claim`](super::MirrorStore::claim).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadClaim {
    /// The caller may read.
    Granted {
        /// Identifies the claim. Higher than that of every earlier claim on this event.
        fence: Fence,
        /// The event as it is now.
        event: MirroredEvent,
    },
    /// Another caller reads.
    Held {
        /// When its claim expires.
        until: Timestamp,
    },
    /// The event is not known.
    Unknown,
}

/// How many rows of each kind there are, and how much belongs to them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowCounts {
    /// Rows, by kind; kinds without rows may be missing.
    pub rows: Vec<(ResourceKind, u64)>,
    /// Entries of the index of answers.
    pub answers: u64,
    /// Marks of reads.
    pub marks: u64,
    /// Entries of the change feed.
    pub changes: u64,
}

impl RowCounts {
    /// The rows of one kind.
    pub fn of(&self, kind: ResourceKind) -> u64 {
        let rows = self.rows.iter().filter(|(of, _)| *of == kind);
        rows.map(|(_, count)| count).sum()
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.rows.iter().all(|(_, count)| *count == 0) && self.answers + self.marks + self.changes == 0
    }
}
