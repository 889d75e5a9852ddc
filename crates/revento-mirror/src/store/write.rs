//! What a store writes at once.

use revento_core::{EventId, Timestamp};
use revento_store::Fence;

use super::{MirroredEvent, ResourceKind, Row, RowKey, Stamp, StoredRow};

/// Changes of one event that a store makes together or not at all.
#[derive(Debug, Clone)]
pub struct MirrorWrite {
    /// The event.
    pub event_id: EventId,
    /// The epoch in which the caller read what it writes.
    pub epoch: i64,
    /// The claim that the write needs; `None` for webhooks, which need no claim.
    pub fence: Option<Fence>,
    /// Replaces the mirror's notes.
    pub progress: Option<Box<str>>,
    /// Begins the next epoch after this write, so that no write of this epoch follows.
    pub ends_epoch: bool,
    /// What to do with the wish for a read.
    pub wish: Wish,
    /// The rows, each at most once.
    pub rows: Vec<RowWrite>,
    /// The rows that a page has shown.
    pub marks: Option<Marks>,
    /// The caller's time, for the entries of the change feed.
    pub at: Timestamp,
}

impl MirrorWrite {
    /// A write that changes nothing, in the event's epoch and without a claim.
    pub(crate) fn nothing(event: &MirroredEvent, at: Timestamp) -> Self {
        Self {
            event_id: event.event_id.clone(),
            epoch: event.epoch,
            fence: None,
            progress: None,
            ends_epoch: false,
            wish: Wish::Keep,
            rows: Vec::new(),
            marks: None,
            at,
        }
    }
}

/// A change of one row.
#[derive(Debug, Clone)]
pub struct RowWrite {
    /// The row as the caller has loaded it; `None` if there is none.
    pub before: Option<StoredRow>,
    /// The new row; `None` removes it. One of both is there, and both have the same key.
    pub after: Option<Row>,
    /// Whether the change feed gets an entry: yes if the content has changed, no if only the mirror's own notes have.
    pub is_announced: bool,
}

impl RowWrite {
    /// The key of the row; `None` if there is no row before and none after.
    pub fn key(&self) -> Option<RowKey> {
        let before = self.before.as_ref().map(|before| &before.row);
        self.after.as_ref().or(before).map(Row::key)
    }
}

/// The rows that a page has shown, whether or not the page has changed them.
#[derive(Debug, Clone)]
pub struct Marks {
    /// The kind of all of them.
    pub kind: ResourceKind,
    /// The number of the read.
    pub pass: i64,
    /// The stamp of the page.
    pub as_of: Stamp,
    /// The ids. There need not be a row for each.
    pub ids: Vec<Box<str>>,
}

/// What a write does with [`MirroredEvent::wished_at`](super::MirroredEvent::wished_at).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wish {
    /// It stays.
    #[default]
    Keep,
    /// It is set to this time, unless it is set already.
    Since(Timestamp),
    /// It is removed.
    Clear,
}

/// The result of [`MirrorStore::write`](super::MirrorStore::write). Unless it is `Written`, the store changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteOutcome {
    /// Everything is written.
    Written {
        /// The position of the event's last change.
        last_change: i64,
    },
    /// The event is not known, or has another epoch: its data was wiped, or is about to be.
    OtherEpoch,
    /// The claim is no longer the caller's.
    Fenced,
    /// A row has another version than the caller has loaded: load again.
    Conflict,
}
