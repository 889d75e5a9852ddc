//! How far the mirror of an event is.

use revento_core::{EventId, Timestamp};

use crate::{
    Mirror, MirrorError,
    machine::{
        pass,
        progress::{Pass, Place, Progress, Reason},
    },
    store::{ResourceKind, RowCounts},
};

/// The state of an event's mirror.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// What the mirror is doing.
    pub phase: Phase,
    /// How many rows there are.
    pub counts: RowCounts,
    /// The last complete read.
    pub last_read: Option<CompleteRead>,
    /// The position of the last change.
    pub last_change: i64,
}

/// What the mirror of an event is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Phase {
    /// It reads everything for the first time since the organizer consented.
    FirstRead(ReadProgress),
    /// It compares its rows with the platform.
    Reconciling(ReadProgress),
    /// It applies webhooks. The next read begins at this time.
    InSync {
        /// When the next read begins.
        next_read_at: Timestamp,
    },
    /// The connection has ended. The data waits to be wiped.
    Ended {
        /// When it ended.
        at: Timestamp,
    },
    /// The connection has ended, and the data was wiped.
    Wiped,
}

/// The progress of a read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadProgress {
    /// When it began.
    pub began_at: Timestamp,
    /// The list that is read; `None` while the rows are compared with what a list has shown.
    pub list: Option<ResourceKind>,
    /// How many pages are read.
    pub pages: u64,
    /// How many pages the last complete read had; `None` in the first, because the platform does not say how many follow.
    pub expected_pages: Option<u64>,
    /// How many resources these pages showed.
    pub resources: u64,
    /// How many of them were new, changed or gone.
    pub changed: u64,
    /// When it will be complete, if it has as many pages as the last one; `None` if nobody can know.
    pub estimated_end: Option<Timestamp>,
}

/// A complete read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CompleteRead {
    /// When it began.
    pub began_at: Timestamp,
    /// When it was complete.
    pub completed_at: Timestamp,
    /// How many pages it had.
    pub pages: u64,
    /// How many resources these pages showed.
    pub resources: u64,
    /// How many of them were new, changed or gone. Between two reconciliations it is what the webhooks did not tell.
    pub changed: u64,
}

impl Mirror {
    /// How far the mirror of an event is; `None` if it is not mirrored.
    ///
    /// # Errors
    /// The store failed.
    pub async fn status(&self, event_id: impl Into<EventId>) -> Result<Option<Status>, MirrorError> {
        let event_id = event_id.into();
        let Some(event) = self.0.store.load(&event_id, &[]).await?.event else {
            return Ok(None);
        };
        let progress = Progress::of(&event)?;
        let phase = self.phase(&progress, event.wished_at);
        let last_read = progress.complete.map(|complete| CompleteRead {
            began_at: complete.began_at,
            completed_at: complete.completed_at,
            pages: complete.pages,
            resources: complete.rows,
            changed: complete.changed,
        });
        Ok(Some(Status {
            phase,
            counts: self.0.store.counts(&event_id).await?,
            last_read,
            last_change: event.last_change,
        }))
    }

    fn phase(&self, progress: &Progress, wished_at: Option<Timestamp>) -> Phase {
        if let Some(ended) = &progress.ended {
            return if ended.is_wiped {
                Phase::Wiped
            } else {
                Phase::Ended { at: ended.at }
            };
        }
        let now = self.now();
        let Some(pass) = &progress.current else {
            let (at, reason) = pass::next_begin(progress, wished_at, &self.0.rules);
            let next_read_at = at.max(now);
            return match reason {
                Reason::First => Phase::FirstRead(ReadProgress::not_begun(now)),
                _ => Phase::InSync { next_read_at },
            };
        };
        let read = ReadProgress::of(progress, pass, pass::estimate(progress, now, &self.0.rules));
        if progress.complete.is_none() {
            Phase::FirstRead(read)
        } else {
            Phase::Reconciling(read)
        }
    }
}

impl ReadProgress {
    fn of(progress: &Progress, pass: &Pass, estimated_end: Option<Timestamp>) -> Self {
        let is_reading = matches!(pass.place, Place::Page(_));
        Self {
            began_at: pass.began_at,
            list: pass.lists.first().filter(|_| is_reading).map(|kind| kind.0),
            pages: pass.pages,
            expected_pages: progress.complete.as_ref().map(|complete| complete.pages),
            resources: pass.rows,
            changed: pass.changed,
            estimated_end,
        }
    }

    fn not_begun(now: Timestamp) -> Self {
        Self {
            began_at: now,
            list: None,
            pages: 0,
            expected_pages: None,
            resources: 0,
            changed: 0,
            estimated_end: None,
        }
    }
}
